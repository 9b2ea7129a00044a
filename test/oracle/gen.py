#!/usr/bin/env python3
"""Random valid A64 + MTE cases (seeded), run in QEMU, written as JSON lines.

  gen.py [-n 2000] [-s SEED] [-o cases.jsonl.gz] [--branches] [--no-run]

Every case avoids CONSTRAINED UNPREDICTABLE encodings, RRND=1, a misaligned SP as a base
(QEMU never raises the SP alignment fault), SIMD accesses over 32 bytes (QEMU checks too few
granules) and CAS under asymmetric checks (QEMU takes it as a write).
A light model of pointer registers and tags steers how often an access mismatches; it only steers:
the results are QEMU's.
"""
import argparse, json, random, struct, sys, time
import oracle as o
from oracle import DATA_VA, RODATA_VA, UDATA_VA, PDATA_VA, UNMAPPED_VA, HIGH, M64

def sysreg(op0, op1, crn, crm, op2): return (op0 & 3) << 19 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5
MRS = lambda r, t: 0xD5200000 | r | t
MSR = lambda r, t: 0xD5000000 | r | t
NZCV, TCO, TPIDR = sysreg(3, 3, 4, 2, 0), sysreg(3, 3, 4, 2, 7), sysreg(3, 3, 13, 0, 2)
GCR, RGSR = sysreg(3, 0, 1, 0, 6), sysreg(3, 0, 1, 0, 5)
TFSR1, TFSRE0, TFSR2 = sysreg(3, 0, 5, 6, 0), sysreg(3, 0, 5, 6, 1), sysreg(3, 4, 5, 6, 0)
GMID = sysreg(3, 1, 0, 0, 4)

PTRS = list(range(19, 29))      # pointer registers
IDX = [16, 17, 18]              # small index values
FREE = list(range(0, 16)) + [29, 30]


def tagof(v): return v >> 56 & 15
def settag(v, t): return v & ~(15 << 56) | t << 56
def choose(tag, off, excl):
    if excl == 0xffff: return 0
    if off == 0:
        while excl >> tag & 1: tag = (tag + 1) & 15
    while off:
        off -= 1; tag = (tag + 1) & 15
        while excl >> tag & 1: tag = (tag + 1) & 15
    return tag


class G:
    def __init__(s, seed, branches=False):
        s.r = random.Random(seed); s.seed = seed; s.branches = branches; s.code = []; s.feat = set()

    # ------------------------------------------------------------ helpers
    def chance(s, p): return s.r.random() < p
    def pick(s, l): return s.r.choice(l)
    def bits(s, n): return s.r.getrandbits(n)
    def rd(s):          # destination
        return 31 if s.chance(.02) else s.pick(FREE)
    def rs(s):          # source
        x = s.r.random()
        return s.pick(FREE) if x < .8 else 31 if x < .85 else s.pick(IDX) if x < .92 else s.pick(PTRS)
    def sf(s): return 1 if s.chance(.65) else 0
    def e(s, w): s.code.append(w & 0xffffffff)

    # region of a VA: (name, offset in DATA or None)
    def where(s, va):
        a = va & ((1 << 56) - 1)
        if s.tbi(va) == 0 and va >> 56 not in (0, 0xff): return None, 0
        if va >> 55 & 1:
            if s.el == 2: return None, 0
            a = (a - (HIGH & ((1 << 56) - 1)))
        for n, b, z in (('data', DATA_VA, 0x2000), ('ro', RODATA_VA, 0x2000), ('u', UDATA_VA, 0x1000), ('p', PDATA_VA, 0x2000)):
            if b <= a < b + z: return n, a - b
        return None, 0
    def tbi(s, va): return s.c['tbi1' if va >> 55 & 1 else 'tbi0'] if s.el != 2 else s.c['tbi0']

    def mismatch(s, va, size):
        """would a checked access mismatch (approximately)?"""
        n, off = s.where(va)
        if n not in ('data', 'ro', 'p') or not s.tbi(va): return False
        t = tagof(va)
        if va >> 55 & 1:
            if s.c['tcma1'] and t == 15: return False
        elif s.c['tcma0'] and t == 0: return False
        return any(s.tags[g] != t for g in range(off >> 4, min((off + size - 1 >> 4) + 1, 512)))

    def effective(s, write, unpriv=False):
        """'sync' | 'async' | 'none' for an access"""
        if s.tco: return 'none'
        m = s.c['tcf_other'] if unpriv and s.el == 1 else s.c['tcf']
        ata = s.c['ata0'] if s.el == 0 or (unpriv and s.el == 1) else s.c['ata']
        if not ata: return 'none'
        if m == 'asym': return 'async' if write else 'sync'
        return m

    def ok(s, va, size, write, unpriv=False, checked=True, align=0):
        """accept this access?  keeps most accesses from ending the case"""
        n, off = s.where(va)
        limit = {'data': 0x2000, 'ro': 0x2000, 'p': 0x2000, 'u': 0x1000}.get(n, 0)
        bad = n is None or off + size > limit or (n == 'ro' and write) or (n == 'p' and (s.el == 0 or unpriv and s.el == 1))
        if not bad and align and va & (align - 1): bad = True
        if not bad and checked and s.mismatch(va, size) and s.effective(write, unpriv) == 'sync':
            return s.chance(s.fault_rate)
        if bad: return s.chance(s.fault_rate * .3)
        return True

    def upd(s, reg, val):
        if reg == 31: s.sp = val & M64
        elif reg in s.p: s.p[reg] = val & M64

    # ------------------------------------------------------------ ordinary integer instructions
    def i_alu(s):
        r, sf = s.r, s.sf()
        k = r.randrange(19)
        rd, rn, rm = s.rd(), s.rs(), s.rs()
        b = sf << 31 | rm << 16 | rn << 5 | rd
        if k == 0:
            S = r.randrange(2)
            if rn == 31: rn = 0
            if rd == 31 and not S: rd = 1
            s.e(0x11000000 | sf << 31 | s.bits(1) << 30 | S << 29 | (s.bits(1) if s.chance(.2) else 0) << 22 | s.bits(12) << 10 | rn << 5 | rd)
        elif k == 1:
            opc = r.randrange(4)
            esz = r.choice([2, 4, 8, 16, 32] + ([64] if sf else []))
            ones = r.randrange(1, esz); rot = r.randrange(esz)
            N = 1 if esz == 64 else 0
            imms = (~(esz * 2 - 1) & 0x3f | (ones - 1)) if esz < 64 else ones - 1
            if rd == 31 and opc != 3: rd = 2
            s.e(0x12000000 | sf << 31 | opc << 29 | N << 22 | rot << 16 | imms << 10 | rn << 5 | rd)
        elif k == 2:
            op = r.choice([0x12800000, 0x52800000, 0x72800000, 0x72800000])
            s.e(op | sf << 31 | r.randrange(4 if sf else 2) << 21 | s.bits(16) << 5 | rd)
        elif k == 3:
            s.e(r.choice([0x10000000, 0x90000000]) | s.bits(2) << 29 | s.bits(19) << 5 | rd)
        elif k == 4:
            w = 64 if sf else 32
            s.e(r.choice([0x13000000, 0x33000000, 0x53000000]) | sf << 31 | sf << 22 | r.randrange(w) << 16 | r.randrange(w) << 10 | rn << 5 | rd)
        elif k == 5:
            s.e(0x13800000 | sf << 22 | r.randrange(64 if sf else 32) << 10 | b)
        elif k in (6, 7):
            s.e(0x0A000000 | s.bits(2) << 29 | s.bits(2) << 22 | s.bits(1) << 21 | r.randrange(64 if sf else 32) << 10 | b)
        elif k in (8, 9):
            s.e(0x0B000000 | s.bits(2) << 29 | r.randrange(3) << 22 | r.randrange(64 if sf else 32) << 10 | b)
        elif k == 10:
            S = s.bits(1)
            if not S and rd == 31: b = b & ~31 | 3
            if rn == 31: b &= ~(31 << 5)
            s.e(0x0B200000 | s.bits(1) << 30 | S << 29 | s.bits(3) << 13 | r.randrange(5) << 10 | b)
        elif k == 11:
            s.e(0x1A000000 | s.bits(2) << 29 | b)
        elif k == 12:
            s.e(0x3A400000 | s.bits(1) << 30 | sf << 31 | s.bits(5) << 16 & (31 << 16) | s.bits(4) << 12 | rn << 5 | s.bits(4) | (s.bits(1) << 11))
        elif k == 13:
            s.e(0x1A800000 | s.bits(1) << 30 | s.bits(4) << 12 | s.bits(1) << 10 | b)
        elif k == 14:
            s.e(0x1AC00000 | r.choice([2, 3, 8, 9, 10, 11]) << 10 | b)
        elif k == 15:
            if s.chance(.7):
                op = r.choice([0, 1, 2, 4, 5] + ([3] if sf else []))
                s.e(0x5AC00000 | sf << 31 | op << 10 | rn << 5 | rd)
            else:
                op = r.choice([16, 17, 18, 19, 20, 21, 22, 23]); s.feat.add('crc32')
                s.e(0x1AC00000 | op << 10 | (b & 0x7fffffff) | (1 << 31 if op in (19, 23) else 0))
        elif k == 16:
            s.e(0x1B000000 | s.bits(1) << 15 | s.rs() << 10 | b)
        elif k == 17:
            op, o0 = r.choice([(1, 0), (1, 1), (2, 0), (5, 0), (5, 1), (6, 0)])
            ra = 31 if op in (2, 6) else s.rs()
            s.e(0x9B000000 | op << 21 | o0 << 15 | ra << 10 | (b & 0x7fffffff))
        else:
            x = r.randrange(6)
            if x == 0: s.e(MRS(NZCV, s.rd()))
            elif x == 1: s.e(MSR(NZCV, s.rs()))
            elif x == 2: s.e(MRS(TPIDR, s.rd()))
            elif x == 3: s.e(MSR(TPIDR, s.rs()))
            elif x == 4: s.e(0xD503201F)
            else:
                s.feat.add('flagm')
                y = r.randrange(3)
                s.e(0xBA000400 | s.bits(6) << 15 | rn << 5 | s.bits(4) if y == 0 else (0x3A00080D, 0x3A00480D)[s.bits(1)] | rn << 5 if y == 1 else 0xD500401F)

    # ------------------------------------------------------------ loads and stores
    LS = [(0, 0, 1, 1), (0, 1, 1, 0), (0, 2, 1, 0), (0, 3, 1, 0), (1, 0, 2, 1), (1, 1, 2, 0), (1, 2, 2, 0), (1, 3, 2, 0),
          (2, 0, 4, 1), (2, 1, 4, 0), (2, 2, 4, 0), (3, 0, 8, 1), (3, 0, 8, 1), (3, 1, 8, 0), (3, 1, 8, 0), (3, 1, 8, 0)]

    def base(s):
        """a base register and its value (SP sometimes, always 16-aligned)"""
        if s.chance(.1) and s.sp & 15 == 0: return 31, s.sp
        n = s.pick(PTRS); return n, s.p[n]

    def i_ldst(s):
        for _ in range(30):
            size, opc, n, wr = s.pick(s.LS)
            rn, va = s.base(); rt = s.rd() if not wr else s.rs()
            form = s.r.choices(['uoff', 'unsc', 'post', 'pre', 'reg', 'unpriv'], [40, 15, 12, 12, 13, 8])[0]
            chk = True; wb = None
            if form == 'uoff':
                imm = s.r.randrange(0, 24) if s.chance(.9) else s.bits(7)
                w = 0x39000000 | imm << 10; ea = va + imm * n; chk = rn != 31
            elif form in ('unsc', 'post', 'pre', 'unpriv'):
                imm = s.r.randrange(-8, 8) * n if s.chance(.6) else s.r.randrange(-64, 64) if s.chance(.9) else s.r.randrange(-256, 256)
                if form in ('post', 'pre') and rn == 31: imm &= ~15
                w = 0x38000000 | (imm & 0x1ff) << 12 | {'unsc': 0, 'post': 1, 'unpriv': 2, 'pre': 3}[form] << 10
                ea = va + (0 if form == 'post' else imm)
                if form in ('post', 'pre'): wb = va + imm
                chk = rn != 31 or wb is not None
                if rn == 31 and form == 'unpriv': chk = False
            else:
                rm = s.pick(IDX); S = s.bits(1)
                w = 0x38200800 | rm << 16 | 3 << 13 | S << 12; ea = va + (s.idx[rm] << (size if S else 0))
            ea &= M64
            if wb is not None and rt == rn: continue
            if not s.ok(ea, n, wr, form == 'unpriv', chk): continue
            s.e(size << 30 | opc << 22 | w | rn << 5 | rt)
            if wb is not None: s.upd(rn, wb)
            return

    def i_pair(s):
        for _ in range(30):
            rn, va = s.base(); L = s.bits(1)
            opc = s.r.choice([0, 2, 2, 2] + ([1] if L else []))
            n = 8 if opc == 2 else 4
            idx = s.r.choice([1, 2, 2, 2, 3] + ([0] if opc != 1 else []))
            imm = s.r.randrange(-8, 8) if s.chance(.9) else s.r.randrange(-64, 64)
            if rn == 31 and idx in (1, 3): imm = imm * n // 16 * 16 // n
            rt = s.rs() if not L else s.rd(); rt2 = s.rs() if not L else s.rd()
            if L and rt == rt2: continue
            if idx in (1, 3) and rn in (rt, rt2) and rn != 31: continue
            ea = (va + (0 if idx == 1 else imm * n)) & M64
            if not s.ok(ea, 2 * n, not L, False, rn != 31 or idx in (1, 3)): continue
            s.e(opc << 30 | 0x28000000 | idx << 23 | L << 22 | (imm & 0x7f) << 15 | rt2 << 10 | rn << 5 | rt)
            if idx in (1, 3): s.upd(rn, va + imm * n)
            return

    def i_excl(s):
        for _ in range(30):
            rn, va = s.base()
            k = s.r.randrange(8); size = s.r.randrange(4); n = 1 << size
            a = 0 if s.chance(.03) else n       # mostly aligned
            if k == 0:      # LDXR/LDAXR ; maybe one ALU ; STXR/STLXR, same size
                rt, rs_, rv = s.pick(FREE), s.pick(FREE), s.rs()
                if rs_ in (rv, rn): continue
                if not s.ok(va, n, False, align=n, checked=rn != 31): continue
                if rt == rn: continue
                s.e(0x085F7C00 | size << 30 | s.bits(1) << 15 | rn << 5 | rt)
                if s.chance(.5):
                    d = s.pick(FREE); s.e(0x8B000000 | rt << 16 | s.pick(FREE) << 5 | d)
                s.e(0x08007C00 | size << 30 | s.bits(1) << 15 | rs_ << 16 | rn << 5 | rv)
                return
            if k == 1:      # LDXP ; STXP
                size = 2 + s.bits(1); n = 2 << size
                rt, rt2, rs_ = s.r.sample(FREE, 3); v1, v2 = s.rs(), s.rs()
                if rs_ in (v1, v2): continue
                if not s.ok(va, n, False, align=n, checked=rn != 31): continue
                s.e(0x087F0000 | size << 30 | s.bits(1) << 15 | rt2 << 10 | rn << 5 | rt)
                s.e(0x08200000 | size << 30 | s.bits(1) << 15 | rs_ << 16 | v2 << 10 | rn << 5 | v1)
                return
            if k == 2:      # LDAR / LDLAR
                if not s.ok(va, n, False, align=a, checked=rn != 31): continue
                if a == 0: s.feat.add('lse2')
                s.e(0x08DFFC00 | size << 30 | rn << 5 | s.rd()); return
            if k == 3:
                if not s.ok(va, n, True, align=a, checked=rn != 31): continue
                if a == 0: s.feat.add('lse2')
                s.e(0x089FFC00 | size << 30 | rn << 5 | s.rs()); return
            if k == 4:
                if s.c['tcf'] == 'asym': continue
                s.feat.add('lse')
                if not s.ok(va, n, True, align=n, checked=rn != 31): continue
                s.e(0x08A07C00 | size << 30 | s.bits(1) << 22 | s.bits(1) << 15 | s.pick(FREE) << 16 | rn << 5 | s.rs()); return
            if k == 5 and s.chance(.4):
                if s.c['tcf'] == 'asym': continue
                sz = s.bits(1); n = 8 << sz
                if not s.ok(va, n, True, align=n, checked=rn != 31): continue
                s.feat.add('lse')
                s.e(0x08207C00 | sz << 30 | s.bits(1) << 22 | s.bits(1) << 15 | 2 * s.r.randrange(8) << 16 | rn << 5 | 2 * s.r.randrange(8)); return
            if k in (5, 6):
                if not s.ok(va, n, True, align=n, checked=rn != 31): continue
                s.feat.add('lse')
                rt = s.rd() if s.chance(.85) else 31
                s.e(0x38200000 | size << 30 | (s.bits(1) << 23 if rt != 31 else 0) | s.bits(1) << 22 | s.rs() << 16 | s.r.randrange(8) << 12 | rn << 5 | rt); return
            if k == 7:
                if s.chance(.3):
                    if not s.ok(va, n, False, align=a, checked=rn != 31): continue
                    s.feat.add('rcpc')
                    if a == 0: s.feat.add('lse2')
                    s.e(0x38BFC000 | size << 30 | rn << 5 | s.rd()); return
                if not s.ok(va, n, True, align=n, checked=rn != 31): continue
                s.feat.add('lse')
                s.e(0x38208000 | size << 30 | s.bits(2) << 22 | s.rs() << 16 | rn << 5 | s.rd()); return

    def i_simd(s):
        for _ in range(30):
            rn, va = s.base(); L = s.bits(1); vt = s.bits(5)
            k = s.r.randrange(3)
            if k == 0:      # LDR/STR B..Q, unsigned offset
                lg = s.r.choice([0, 1, 2, 3, 4, 4, 4]); n = 1 << lg; imm = s.r.randrange(8)
                if not s.ok(va + imm * n & M64, n, not L, False, rn != 31): continue
                s.feat.add('simd')
                s.e((lg & 3) << 30 | 0x3D000000 | (lg >> 2) << 23 | L << 22 | imm << 10 | rn << 5 | vt); return
            if k == 1:      # LDP/STP S/D/Q
                opc = s.r.randrange(3); n = 4 << opc; imm = s.r.randrange(-4, 4); vt2 = s.bits(5)
                if L and vt == vt2: continue
                if not s.ok(va + imm * n & M64, 2 * n, not L, False, rn != 31): continue
                s.feat.add('simd')
                s.e(opc << 30 | 0x2D000000 | L << 22 | (imm & 0x7f) << 15 | vt2 << 10 | rn << 5 | vt); return
            Q = s.bits(1); two = s.bits(1); n = (8 << Q) << two     # LD1/ST1, 1 or 2 registers
            if not s.ok(va, n, not L, False, rn != 31): continue
            s.feat.add('simd')
            s.e(0x0C000000 | Q << 30 | L << 22 | (0xA if two else 0x7) << 12 | s.bits(2) << 10 | rn << 5 | vt); return

    # ------------------------------------------------------------ MTE
    def ata_on(s): return s.c['ata0'] if s.el == 0 else s.c['ata']

    def retag(s, va, cnt):
        n, off = s.where(va)
        return n, off >> 4

    def settags(s, va, cnt, t):
        n, off = s.where(va)
        if n in ('data', 'p') and s.ata_on():
            for g in range(off >> 4, min((off >> 4) + cnt, 512)): s.tags[g] = t

    def any_ptr(s): return 31 if s.chance(.08) else s.pick(PTRS)
    def val(s, n): return s.sp if n == 31 else s.p[n]

    def m_irg(s):
        rn = s.any_ptr(); v = s.val(rn)
        rd = s.pick(PTRS) if s.chance(.35) else (31 if s.chance(.05) else s.pick(FREE))
        rm = 31 if s.chance(.6) else s.pick(FREE)
        if rd == 31 and v & 15: return
        s.e(0x9AC01000 | rm << 16 | rn << 5 | rd)
        if rd in s.p or rd == 31:
            excl = s.gcr & 0xffff       # rm approximated by nothing
            if s.ata_on():
                off, seed = 0, s.rgsr >> 8 & 0xffff
                for i in range(4):
                    top = (seed >> 5 ^ seed >> 3 ^ seed >> 2 ^ seed) & 1; seed = top << 15 | seed >> 1; off |= top << i
                t = choose(s.rgsr & 15, off, excl); s.rgsr = seed << 8 | t
            else: t = 0
            s.upd(rd, settag(v, t))

    def m_gmi(s):
        s.e(0x9AC01400 | s.rs() << 16 | s.any_ptr() << 5 | s.rd())

    def m_addg(s):
        rn = s.any_ptr(); v = s.val(rn)
        rd = rn if s.chance(.4) else s.pick(FREE) if s.chance(.6) else s.any_ptr()
        u6 = s.r.randrange(0, 5) if s.chance(.8) else s.bits(6); u4 = 0 if s.chance(.4) else s.bits(4); sub = s.bits(1)
        if rd == 31 and v & 15: return
        s.e((0xD1800000 if sub else 0x91800000) | u6 << 16 | u4 << 10 | rn << 5 | rd)
        t = choose(tagof(v), u4, s.gcr & 0xffff) if s.ata_on() else 0
        s.upd(rd, settag((v - 16 * u6 if sub else v + 16 * u6) & M64, t))

    def m_subp(s):
        s.e((0x9AC00000 | s.bits(1) << 29) | s.any_ptr() << 16 | s.any_ptr() << 5 | s.rd())

    def m_stg(s):
        for _ in range(30):
            two, zero = s.bits(1), s.bits(1)
            rn, va = s.base()
            imm = s.r.randrange(-6, 7) if s.chance(.9) else s.r.randrange(-256, 256)
            form = s.r.choice([1, 2, 2, 2, 3])
            ea = (va + (0 if form == 1 else imm * 16)) & M64
            rt = rn if s.chance(.35) else s.any_ptr() if s.chance(.7) else s.pick(FREE)
            if not s.ok(ea, 16 << two, True, checked=False, align=16): continue
            s.e(0xD9200000 | two << 23 | zero << 22 | (imm & 0x1ff) << 12 | form << 10 | rn << 5 | rt)
            if rt in s.p or rt == 31: s.settags(ea, 1 << two, tagof(s.val(rt)))
            if form != 2: s.upd(rn, va + imm * 16)
            return

    def m_ldg(s):
        for _ in range(30):
            rn, va = s.base(); imm = s.r.randrange(-6, 7)
            ea = (va + imm * 16) & M64
            rt = s.rd() if s.chance(.6) else s.pick(PTRS)
            if not s.ok(ea & ~15, 16, False, checked=False): continue
            s.e(0xD9600000 | (imm & 0x1ff) << 12 | rn << 5 | rt)
            if rt in s.p:
                n, off = s.where(ea)
                s.upd(rt, settag(s.p[rt], s.tags[off >> 4] if n in ('data', 'ro', 'p') and s.ata_on() else 0))
            return

    def m_stgp(s):
        for _ in range(30):
            rn, va = s.base(); imm = s.r.randrange(-6, 7); form = s.r.choice([1, 2, 2, 3])
            ea = (va + (0 if form == 1 else imm * 16)) & M64
            rt, rt2 = s.rs(), s.rs()
            if rn != 31 and rn in (rt, rt2): continue
            if not s.ok(ea, 16, True, checked=False, align=16): continue
            s.e(0x68000000 | form << 23 | (imm & 0x7f) << 15 | rt2 << 10 | rn << 5 | rt)
            s.settags(ea, 1, tagof(va))
            if form != 2: s.upd(rn, va + imm * 16)
            return

    def m_ldgm(s):
        if s.el == 0 and not s.chance(.02): return
        for _ in range(30):
            rn, va = s.base(); k = s.r.choice([0xD9E00000, 0xD9A00000, 0xD9200000])
            n, off = s.where(va)
            blk = 64 if k == 0xD9200000 else 256
            if not s.ok(va & ~(blk - 1) & M64, blk, k != 0xD9E00000, checked=False): continue
            s.feat.add('dczva' if blk == 64 else 'gmid')
            rt = s.rd() if k == 0xD9E00000 else s.rs()
            s.e(k | rn << 5 | rt)
            if k == 0xD9200000 and rt in s.p: s.settags(va & ~63, 4, s.p[rt] & 15)
            return

    def m_dc(s):
        for _ in range(30):
            n = s.pick(PTRS); va = s.p[n]; k = s.r.choice([0xD50B7420, 0xD50B7460, 0xD50B7480])   # ZVA, GVA, GZVA
            ea = va & ~63
            if not s.ok(ea, 64, True, checked=k == 0xD50B7420): continue
            s.feat.add('dczva')
            s.e(k | n)
            if k != 0xD50B7420: s.settags(ea, 4, tagof(va))
            return

    def m_tco(s):
        k = s.r.randrange(4)
        if k == 0: s.e(MRS(TCO, s.rd()))
        elif k == 1: s.e(MSR(TCO, s.pick(FREE))); s.tco = 0    # approximately
        else:
            v = 1 if s.chance(.4) else 0
            s.e(0xD503409F | v << 8); s.tco = v

    def m_sys(s):
        if s.el == 0 and not s.chance(.03): return
        k = s.r.randrange(8)
        own = TFSR2 if s.el == 2 and s.chance(.6) else TFSR1
        if k == 0: s.e(MRS(GCR, s.rd()))
        elif k == 1: s.e(MRS(RGSR, s.rd()))
        elif k in (2, 3):       # DSB SY, ISB first: what an MRS sees without them is not architected
            s.e(0xD5033F9F); s.e(0xD5033FDF); s.e(MRS(own if k == 2 else TFSRE0, s.rd()))
        elif k == 4:
            d = s.pick(FREE); v = s.bits(16) & s.bits(16)
            s.e(0xD2800000 | v << 5 | d); s.e(MSR(GCR, d)); s.e(0xD5033FDF); s.gcr = v
        elif k == 5:
            d = s.pick(FREE); v = s.bits(16)
            s.e(0xD2A00000 | (v >> 8) << 5 | d); s.e(0xF2800000 | ((v & 255) << 8 | s.bits(4)) << 5 | d); s.e(MSR(RGSR, d)); s.e(0xD5033FDF)
        elif k == 6:
            s.e(0xD5033F9F); s.e(0xD5033FDF); s.e(MSR(own, 31)); s.e(0xD5033FDF)      # DSB SY, ISB, clear TFSR
        else:
            s.feat.add('gmid'); s.e(MRS(GMID, s.rd()))

    def i_ptr(s):       # move a pointer with ordinary arithmetic
        n = s.pick(PTRS); imm = s.r.randrange(0, 5) * 16 if s.chance(.8) else s.bits(6); sub = s.bits(1)
        d = n if s.chance(.7) else s.pick(PTRS)
        s.e(0x91000000 | sub << 30 | imm << 10 | n << 5 | d)
        s.upd(d, s.p[n] - imm if sub else s.p[n] + imm)

    def i_branch(s):    # forward only, over the next 1..3 instructions
        k = s.r.randrange(5); d = s.r.randrange(2, 5)
        if k == 0: s.e(0x54000000 | d << 5 | s.bits(4))
        elif k == 1: s.e(0x34000000 | s.sf() << 31 | s.bits(1) << 24 | d << 5 | s.rs())
        elif k == 2:
            bit = s.bits(6); s.e(0x36000000 | (bit >> 5) << 31 | s.bits(1) << 24 | (bit & 31) << 19 | d << 5 | s.rs())
        elif k == 3: s.e(0x14000000 | d)
        else: s.e(0x94000000 | d)
        for _ in range(d - 1):
            m = len(s.code)
            while len(s.code) == m: s.i_alu()
            del s.code[m + 1:]

    # ------------------------------------------------------------ a whole case
    def gen(s):
        r = s.r
        s.el = r.choices([1, 0, 2], [45, 45, 10])[0]
        s.fault_rate = r.choice([0, .02, .05, .2])
        c = s.c = {'id': f'r{s.seed:08d}', 'seed': s.seed, 'el': s.el}
        if s.el: c['spsel'] = 0 if s.chance(.2) else 1
        c['nzcv'] = s.bits(4); s.tco = c['tco'] = 1 if s.chance(.1) else 0
        c['tcf'] = r.choices(['sync', 'async', 'asym', 'none'], [40, 30, 20, 10])[0]
        c['tcf_other'] = r.choice(['sync', 'async', 'asym', 'none'])
        c['ata'], c['ata0'] = int(s.chance(.93)), int(s.chance(.93))
        c['tbi0'], c['tbi1'] = int(s.chance(.93)), int(s.chance(.93))
        c['tcma0'], c['tcma1'] = int(s.chance(.25)), int(s.chance(.25))
        s.gcr = r.choice([0, 1, s.bits(16), s.bits(16) | s.bits(16), 0xffff ^ 1 << s.bits(4), s.bits(16) & s.bits(16)])
        if s.chance(.02): s.gcr = 0xffff
        s.rgsr = (0 if s.chance(.04) else s.bits(16)) << 8 | s.bits(4)
        c['gcr'], c['rgsr'] = o.h(s.gcr), o.h(s.rgsr)
        for k in ('tfsr_el1', 'tfsre0_el1') + (('tfsr_el2',) if s.el == 2 else ()):
            c[k] = o.h(s.bits(2) if s.chance(.1) else 0)
        c['mem'] = {'lcg': s.bits(32)}; c['umem'] = {'lcg': s.bits(32)}
        tags = []
        while len(tags) < 512: tags += [s.bits(4)] * r.choice([1, 1, 2, 3, 4, 8, 16, 32])
        s.tags = tags[:512]; c['tags'] = ''.join(f'{t:x}' for t in s.tags)
        x = [0] * 31
        for i in range(31):
            k = r.randrange(8)
            x[i] = s.bits(64) if k < 4 else s.bits(8) if k == 4 else s.bits(32) if k == 5 else r.choice([0, 1, M64, 1 << 63, (1 << 63) - 1, 0x80000000, 0xffffffff]) if k == 6 else M64 ^ s.bits(8)
        s.idx = {}
        for i in IDX: s.idx[i] = x[i] = r.randrange(0, 9) * 8
        s.p = {}
        for i in PTRS:
            k = s.r.random()
            off = r.randrange(0x200, 0x1e00) & ~15
            if k < .72: b = DATA_VA
            elif k < .82: b = DATA_VA if s.el == 2 else DATA_VA + HIGH
            elif k < .86: b = RODATA_VA
            elif k < .94: b, off = UDATA_VA, r.randrange(0x100, 0xf00) & ~15
            else: b = PDATA_VA if s.el else DATA_VA
            if s.chance(.2): off += r.randrange(16)
            va = b + off
            t = s.tags[off >> 4] if off >> 4 < 512 else 0
            if b == UDATA_VA or s.chance(.12): t = s.bits(4)
            hi = va >> 55 & 1
            if s.tbi(va) or s.chance(.02):
                va = settag(va, t)
                if s.chance(.1): va = va & ~(0xf << 60) | s.bits(4) << 60   # the other ignored nibble
            s.p[i] = x[i] = va & M64
        off = r.randrange(0x400, 0x1c00) & ~15
        s.sp = settag(DATA_VA + off, s.tags[off >> 4]) if s.c['tbi0'] else DATA_VA + off
        c['sp'] = o.h(s.sp); c['sp_other'] = o.h(DATA_VA + 0x800)
        c['x'] = [o.h(v) for v in x]
        s.simd = s.chance(.2)
        if s.simd: c['v'] = [f'0x{s.bits(128):x}' for _ in range(32)]
        n = r.choice([6, 10, 16, 24, 40, 64])
        ops = [(s.i_alu, 34), (s.i_ldst, 18), (s.i_pair, 7), (s.i_excl, 5), (s.i_simd, 5 if s.simd else 0), (s.i_ptr, 4),
               (s.m_irg, 5), (s.m_gmi, 3), (s.m_addg, 6), (s.m_subp, 3), (s.m_stg, 8), (s.m_ldg, 5), (s.m_stgp, 4),
               (s.m_ldgm, 2), (s.m_dc, 2), (s.m_tco, 1.5), (s.m_sys, 2), (s.i_branch, 8 if s.branches else 0)]
        f, w = zip(*ops)
        while len(s.code) < n: r.choices(f, w)[0]()
        c['code'] = [f'{x:08x}' for x in s.code]
        s.feat.add('mte2')
        c['features'] = sorted(s.feat)
        return c


if __name__ == '__main__':
    ap = argparse.ArgumentParser()
    ap.add_argument('-n', type=int, default=2000)
    ap.add_argument('-s', type=int, default=1)
    ap.add_argument('-o', default='cases.jsonl.gz')
    ap.add_argument('--branches', action='store_true')
    ap.add_argument('--no-run', action='store_true')
    a = ap.parse_args()
    cases = [G(a.s * 1000000 + i, a.branches).gen() for i in range(a.n)]
    dis = o.disassemble([w for c in cases for w in c['code']])
    i = 0
    for c in cases:
        c['asm'] = dis[i:i + len(c['code'])]; i += len(c['code'])
        for w, t in zip(c['code'], c['asm']):
            if 'undefined' in t or t.startswith('.inst') or 'unallocated' in t: print('bad encoding', c['id'], w, t)
    t0 = time.monotonic()
    rs = [None] * len(cases) if a.no_run else o.run_cases(cases)
    dt = time.monotonic() - t0
    st = {}
    with o.opn(a.o, 'w') as f:
        for c, r in zip(cases, rs):
            line = {'case': o.full_case(c)}
            if r:
                line['result'] = r
                k = r['end']
                x = r['exc']
                if x:
                    k += f" ec={x['ec']:#x} iss={x['iss']}"
                    if x['ec'] in (0x24, 0x25) and int(x['iss'], 16) & 0x3f == 0x11:
                        w = int(c['code'][(int(r['pc'], 16) - o.CODE_VA) // 4], 16)
                        if w & 0x3fa07c00 == 0x08a07c00 or w & 0xbfa07c00 == 0x08207c00:
                            line['known_deviation'] = 'cas_wnr'     # QEMU: WnR=1, architecture: 0
                            k += ' (cas)'
                        elif w & 0x3f200c00 == 0x38200000 and (int(x['far'], 16) & 0x3ffffffff) - RODATA_VA in range(0x2000):
                            line['known_deviation'] = 'rmw_ro_tag'  # QEMU: tag check fault, architecture: permission fault
                            k += ' (rmw ro)'
                st[k] = st.get(k, 0) + 1
            f.write(json.dumps(line, separators=(',', ':')) + '\n')
    print(f'{len(cases)} cases, {sum(len(c["code"]) for c in cases)} instructions, QEMU {dt:.2f} s, platform {json.dumps(o.platform)}')
    for k, v in sorted(st.items(), key=lambda z: -z[1]): print(f'{v:6} {k}')
