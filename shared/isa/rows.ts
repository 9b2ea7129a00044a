import { addsubImmediate, addsubRegister } from './addsub.ts'
import { atomic, compareAndSwap } from './atomic.ts'
import { bitfield } from './bitfield.ts'
import { branch, conditionalBranch } from './branch.ts'
import { conditional } from './conditional.ts'
import { exceptionGeneration, reserved } from './exception.ts'
import { exclusive } from './exclusive.ts'
import { flags, flagsPstate } from './flags.ts'
import type { Insn } from './insn.ts'
import { loadLiteral } from './load-store-literal.ts'
import { loadStorePair } from './load-store-pair.ts'
import { loadStoreRcpc } from './load-store-rcpc.ts'
import {
  loadStorePostIndexed,
  loadStorePreIndexed,
  loadStoreRegister,
  loadStoreUnprivileged,
  loadStoreUnscaled,
  loadStoreUnsigned,
} from './load-store-single.ts'
import { logicalImmediate, logicalRegister } from './logical.ts'
import { moveWide } from './move-wide.ts'
import { tagImmediate, tagLoadStore, tagPair, tagTwoSource } from './mte.ts'
import { multiply } from './multiply.ts'
import { pointerBranch, pointerLoad, pointerOneSource, pointerTwoSource } from './pauth.ts'
import { pcRelative } from './pc-relative.ts'
import { prefetch } from './prefetch.ts'
import { oneSource, twoSource } from './shift-crc.ts'
import { barriers, hints, pstate, system } from './system.ts'
import { vectorImmediate, vectorLogical } from './vector-immediate.ts'
import { vectorLiteral, vectorPair, vectorSingle } from './vector-load-store.ts'
import { floatMove, vectorCopy } from './vector-move.ts'
import { vectorStructures } from './vector-structures.ts'

/** Every instruction of the machine, in the order of the manual's encoding index. */
export const rows: readonly Insn[] = [
  ...reserved,
  // Data processing, immediate
  ...pcRelative,
  ...addsubImmediate,
  ...tagImmediate,
  ...logicalImmediate,
  ...moveWide,
  ...bitfield,
  // Branches, exception generation and system instructions
  ...conditionalBranch,
  ...exceptionGeneration,
  ...hints,
  ...barriers,
  ...flagsPstate,
  ...pstate,
  ...system,
  ...branch,
  ...pointerBranch,
  // Loads and stores
  ...exclusive,
  ...compareAndSwap,
  ...tagLoadStore,
  ...loadStoreRcpc,
  ...loadLiteral,
  ...loadStorePair,
  ...tagPair,
  ...loadStoreUnscaled,
  ...loadStorePostIndexed,
  ...loadStoreUnprivileged,
  ...loadStorePreIndexed,
  ...atomic,
  ...pointerLoad,
  ...loadStoreRegister,
  ...loadStoreUnsigned,
  ...prefetch,
  ...vectorStructures,
  ...vectorLiteral,
  ...vectorPair,
  ...vectorSingle,
  // Data processing, register
  ...twoSource,
  ...tagTwoSource,
  ...pointerTwoSource,
  ...oneSource,
  ...pointerOneSource,
  ...logicalRegister,
  ...addsubRegister,
  ...flags,
  ...conditional,
  ...multiply,
  // SIMD and floating point: moves, immediates and bitwise operations
  ...vectorCopy,
  ...vectorImmediate,
  ...vectorLogical,
  ...floatMove,
]
