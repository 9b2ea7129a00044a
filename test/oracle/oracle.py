#!/usr/bin/env python3
"""QEMU oracle for A64 + MTE cases.

  oracle.py in.jsonl[.gz] out.jsonl[.gz]     run every case, write {"case":..., "result":...} lines
  from oracle import run_cases; results = run_cases([case, ...])

The case and result formats are in ../vectors/oracle/README.md. Standard library only.
"""
import gzip, json, os, shutil, struct, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
HARNESS = os.environ['HARNESS']  # harness.elf, built by build.sh
QEMU = os.environ.get('QEMU', 'qemu-system-aarch64')
CPU = os.environ.get('CPU', 'max')

WIN = 0x2_0000_0000
CODE_VA = WIN
VEC_VA = WIN + 0x10000
DATA_VA = WIN + 0x100000
RODATA_VA = WIN + 0x110000          # DATA again, read-only
UDATA_VA = WIN + 0x120000           # not Tagged
PDATA_VA = WIN + 0x130000           # DATA again, EL1 only
UNMAPPED_VA = WIN + 0x140000
HIGH = 0xFFFFFF80_00000000          # + the same offsets, through TTBR1
DATA_SIZE, UDATA_SIZE, CODE_MAX = 0x2000, 0x1000, 0x1000
MARK = 0xE0D
IN_STRIDE, OUT_STRIDE = 0x5000, 0x4000
IN_PA = 0x48000000
MAX_BATCH = 12000
M64 = (1 << 64) - 1

TCF = {'none': 0, 'sync': 1, 'async': 2, 'asym': 3}
SCTLR_EL1_BASE = 0x30D00800 | 1 | 4 | 8 | 0x10 | (1 << 12) | (1 << 14) | (1 << 15) | (1 << 26) | (1 << 16) | (1 << 18) | (1 << 37)
SCTLR_EL2_BASE = 0x30C50830 | 1 | 4 | 8 | (1 << 12)
TCR_EL1_BASE = 25 | (1 << 8) | (1 << 10) | (3 << 12) | (25 << 16) | (1 << 24) | (1 << 26) | (3 << 28) | (2 << 30) | (2 << 32)
TCR_EL2_BASE = 25 | (1 << 8) | (1 << 10) | (3 << 12) | (2 << 16) | (1 << 23) | (1 << 31)
MAIR_BASE = 0xF0FF00                # 0 device, 1 Normal WB, 2 Normal Tagged
HCR_BASE = (1 << 31) | (1 << 5) | (1 << 4) | (1 << 3) | (1 << 40) | (1 << 41)


def _i(v, default=0):
    if v is None:
        return default
    return int(v, 0) & M64 if isinstance(v, str) else int(v) & M64


def h(v):
    return f'0x{v:x}'


def lcg_bytes(seed, n):
    """x = x*6364136223846793005 + 1442695040888963407 mod 2^64, one little-endian u64 a step."""
    out, x = bytearray(), seed & M64
    for _ in range(n // 8):
        x = (x * 6364136223846793005 + 1442695040888963407) & M64
        out += struct.pack('<Q', x)
    return bytes(out)


def mem_bytes(spec, n):
    """{"lcg": seed} | {"hex": "..."} | None, with optional "patch": [[offset, hex], ...]"""
    if not spec:
        return bytes(n)
    if 'lcg' in spec:
        b = bytearray(lcg_bytes(_i(spec['lcg']), n))
    else:
        b = bytearray(bytes.fromhex(spec.get('hex', '')).ljust(n, b'\0')[:n])
    for off, hx in spec.get('patch', []):
        p = bytes.fromhex(hx)
        b[off:off + len(p)] = p
    return bytes(b)


def code_bytes(c):
    code = c['code']
    return bytes.fromhex(code) if isinstance(code, str) else b''.join(struct.pack('<I', int(w, 16)) for w in code)


def sysregs(c):
    """Full system-register values of a case (explicit ones win)."""
    el = c.get('el', 1)
    tcf = TCF[c.get('tcf', 'sync')]
    own = tcf
    other = TCF[c.get('tcf_other', 'none')]
    tcf1, tcf0 = (own, other) if el == 1 else (other, own)
    ata, ata0 = c.get('ata', 1), c.get('ata0', 1)
    s1 = SCTLR_EL1_BASE | tcf0 << 38 | tcf1 << 40 | ata0 << 42 | ata << 43
    t1 = TCR_EL1_BASE | c.get('tbi0', 1) << 37 | c.get('tbi1', 1) << 38 | c.get('tcma0', 0) << 57 | c.get('tcma1', 0) << 58
    s2 = SCTLR_EL2_BASE | own << 40 | ata << 43
    t2 = TCR_EL2_BASE | c.get('tbi0', 1) << 20 | c.get('tcma0', 0) << 30
    hcr = HCR_BASE | c.get('hcr_ata', 1) << 56
    return {'sctlr_el1': _i(c.get('sctlr_el1'), s1), 'tcr_el1': _i(c.get('tcr_el1'), t1),
            'mair_el1': _i(c.get('mair_el1'), MAIR_BASE), 'hcr_el2': _i(c.get('hcr_el2'), hcr),
            'sctlr_el2': _i(c.get('sctlr_el2'), s2), 'tcr_el2': _i(c.get('tcr_el2'), t2)}


def spsr_of(c):
    el = c.get('el', 1)
    v = (0 if el == 0 else (el << 2) | c.get('spsel', 1)) | (c.get('nzcv', 0) << 28) | (c.get('tco', 0) << 25)
    v |= c.get('daif', 0xf) << 6
    return v | _i(c.get('spsr_or'))


KEYS = ['apia', 'apib', 'apda', 'apdb', 'apga']


def keys_of(c):
    """Lo and Hi of each key; {"keys": {"apia": "0x" and 32 digits, ...}}, absent ones are 0"""
    values = [int(c.get('keys', {}).get(k, '0'), 16) for k in KEYS]
    return [half for v in values for half in (v & M64, v >> 64)]


def pack_case(c):
    el = c.get('el', 1)
    code = code_bytes(c)
    assert len(code) <= CODE_MAX - 4 and len(code) % 4 == 0, 'code size'
    sr = sysregs(c)
    mark = (0xD4000001 if el == 0 else 0xD4000002) | MARK << 5   # SVC at EL0, HVC else
    sp, spo = _i(c.get('sp')), _i(c.get('sp_other'))
    sps = [0, 0, 0]
    spn = el if el and c.get('spsel', 1) else 0
    sps[spn] = sp
    sps[1 if spn == 0 else 0] = spo
    b = bytearray(IN_STRIDE)
    q = [0, len(code), el, spsr_of(c), sr['sctlr_el1'], sr['tcr_el1'], sr['mair_el1'], sr['hcr_el2'],
         _i(c.get('gcr')), _i(c.get('rgsr')), _i(c.get('tfsr_el1')), _i(c.get('tfsre0_el1')),
         sps[0], sps[1], sps[2], int(c.get('timeout_ms', 500) * 1000000), c.get('entry', 0),
         _i(c.get('tfsr_el2')), _i(c.get('fpcr')), _i(c.get('tpidr_el0')), sr['sctlr_el2'], sr['tcr_el2'], mark]
    struct.pack_into(f'<{len(q)}Q', b, 0, *q)
    xs = [_i(v) for v in c.get('x', [])]
    xs += [0] * (31 - len(xs))
    struct.pack_into('<31Q', b, 0x100, *xs)
    vs = c.get('v')
    if vs:
        for i, v in enumerate(vs):
            b[0x200 + 16 * i:0x210 + 16 * i] = (int(v, 16)).to_bytes(16, 'little')
    tags = c.get('tags') or '0' * 512
    assert len(tags) == 512
    t = [int(d, 16) for d in tags]
    b[0x400:0x500] = bytes(t[i] | t[i + 1] << 4 for i in range(0, 512, 2))
    struct.pack_into('<10Q', b, 0x500, *keys_of(c))
    b[0x800:0x800 + len(code)] = code
    b[0x1800:0x3800] = mem_bytes(c.get('mem'), DATA_SIZE)
    b[0x3800:0x4800] = mem_bytes(c.get('umem'), UDATA_SIZE)
    return bytes(b)


def diff(a, b, unit=8):
    """[[offset, new hex], ...] of the units that differ, runs merged"""
    out, i, n = [], 0, len(a)
    if a == b:
        return out
    while i < n:
        if a[i:i + unit] != b[i:i + unit]:
            j = i
            while j < n and a[j:j + unit] != b[j:j + unit]:
                j += unit
            out.append([i, b[i:j].hex()])
            i = j
        else:
            i += unit
    return out


VECN = ['sp0_sync', 'sp0_irq', 'sp0_fiq', 'sp0_serror', 'spx_sync', 'spx_irq', 'spx_fiq', 'spx_serror',
        'lower64_sync', 'lower64_irq', 'lower64_fiq', 'lower64_serror', 'lower32_sync', 'lower32_irq', 'lower32_fiq', 'lower32_serror']


def unpack_result(c, inb, r):
    el = c.get('el', 1)
    (_, vec, esr1, far1, elr1, spsr1, esr2, far2, elr2, spsr2, hpfar, gcr, rgsr, tfsr1, tfsre0, tfsr2,
     sp0, sp1, sp2, fpcr, fpsr, par, tpidr0) = struct.unpack_from('<23Q', r, 0)
    ec2, iss2 = (esr2 >> 26) & 0x3f, esr2 & 0x1ffffff
    ec1, iss1 = (esr1 >> 26) & 0x3f, esr1 & 0x1ffffff
    exc, end = None, None

    def mk(tel, v, esr, far, elr, spsr):
        return {'target_el': tel, 'vector': VECN[v], 'esr': h(esr), 'ec': (esr >> 26) & 0x3f, 'il': (esr >> 25) & 1,
                'iss': h(esr & 0x1ffffff), 'far': h(far), 'elr': h(elr), 'spsr': h(spsr)}

    if vec in (1, 5, 9):
        end, pc, ps = 'timeout', elr2, spsr2
    elif (vec == 8 and el == 1 or vec in (0, 4) and el == 2) and ec2 == 0x16 and (iss2 & 0xffff) == MARK:
        end, pc, ps = 'marker', (elr2 - 4) & M64, spsr2
    elif vec == 8 and el < 2 and ec2 == 0x16 and (iss2 & 0xfff0) == 0x100:
        v1 = iss2 & 15
        pc, ps = elr1, spsr1
        if el == 0 and v1 == 8 and ec1 == 0x15 and (iss1 & 0xffff) == MARK:
            end, pc = 'marker', (elr1 - 4) & M64
        else:
            end, exc = 'exc_el1', mk(1, v1, esr1, far1, elr1, spsr1)
            exc['handler_pstate'] = h(spsr2)       # PSTATE as the handler saw it (TCO set, ...)
    else:
        end, pc, ps, exc = 'exc_el2', elr2, spsr2, mk(2, vec, esr2, far2, elr2, spsr2)
    sps = [sp0, sp1, sp2]
    cur_el, cur_h = (ps >> 2) & 3, ps & 1
    res = {'end': end, 'pc': h(pc), 'x': [h(v) for v in struct.unpack_from('<31Q', r, 0x100)],
           'sp': h(sps[cur_el if cur_h else 0] if cur_el < 3 else 0), 'sp_el0': h(sp0), 'sp_el1': h(sp1),
           'nzcv': ps >> 28 & 15, 'tco': ps >> 25 & 1, 'pstate': h(ps),
           'gcr': h(gcr), 'rgsr': h(rgsr), 'tfsr_el1': h(tfsr1), 'tfsre0_el1': h(tfsre0), 'tfsr_el2': h(tfsr2),
           'exc': exc}
    if el == 2:
        res['sp_el2'] = h(sp2)
    res['mem_diff'] = diff(inb[0x1800:0x3800], r[0x800:0x2800])
    res['umem_diff'] = diff(inb[0x3800:0x4800], r[0x2800:0x3800])
    ti, to = inb[0x400:0x500], r[0x400:0x500]
    td = []
    if ti != to:
        for i in range(512):
            s = 4 * (i & 1)
            a, b = ti[i >> 1] >> s & 15, to[i >> 1] >> s & 15
            if a != b:
                td.append([i, b])
    res['tag_diff'] = td
    vd = {}
    if inb[0x200:0x400] != r[0x200:0x400]:
        for i in range(32):
            a, b = inb[0x200 + 16 * i:0x210 + 16 * i], r[0x200 + 16 * i:0x210 + 16 * i]
            if a != b:
                vd[str(i)] = f"0x{int.from_bytes(b, 'little'):x}"
    res['v_diff'] = vd
    if fpsr:
        res['fpsr'] = h(fpsr)
    return res


platform = {}


def run_batch(cases, keep=None, extra=()):
    tmp = tempfile.mkdtemp(prefix='oracle.')
    try:
        ins = [pack_case(c) for c in cases]
        with open(f'{tmp}/in.bin', 'wb') as f:
            f.write(struct.pack('<QQ', 0x4D5445, len(cases)).ljust(0x1000, b'\0'))
            for b in ins:
                f.write(b)
        cmd = [QEMU, '-M', 'virt,virtualization=on,mte=on,gic-version=3', '-cpu', CPU, '-m', '1G', '-nographic',
               '-monitor', 'none', '-serial', 'stdio', '-net', 'none', '-semihosting-config', 'enable=on,target=native',
               '-kernel', os.path.abspath(HARNESS), '-device', f'loader,file={tmp}/in.bin,addr={IN_PA:#x},force-raw=on', *extra]
        p = subprocess.run(cmd, cwd=tmp, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           timeout=60 + len(cases))
        if p.returncode:
            raise RuntimeError(f'qemu rc {p.returncode}: {p.stdout.decode(errors="replace")}')
        out = open(f'{tmp}/results.bin', 'rb').read()
        assert len(out) == 0x1000 + OUT_STRIDE * len(cases), len(out)
        n, gmid, dczid, pfr1, midr, ctr, frq, pfr0 = struct.unpack_from('<8Q', out, 0)
        platform.update(gmid_el1=h(gmid), dczid_el0=h(dczid), id_aa64pfr1_el1=h(pfr1), midr_el1=h(midr),
                        ctr_el0=h(ctr), cntfrq_el0=frq, id_aa64pfr0_el1=h(pfr0))
        return [unpack_result(c, b, out[0x1000 + OUT_STRIDE * i:0x1000 + OUT_STRIDE * (i + 1)])
                for i, (c, b) in enumerate(zip(cases, ins))]
    finally:
        shutil.rmtree(tmp)


def run_cases(cases, extra=()):
    res = []
    for i in range(0, len(cases), MAX_BATCH):
        res += run_batch(cases[i:i + MAX_BATCH], extra=extra)
    return res


def full_case(c):
    """the case with every register value spelled out, so that a reader need derive nothing"""
    d = dict(c)
    d.update({k: h(v) for k, v in sysregs(c).items()})
    if c.get('el', 1) != 2:
        d.pop('sctlr_el2'); d.pop('tcr_el2')
    d['spsr'] = h(spsr_of(c))
    return d


def opn(p, m):
    return gzip.open(p, m + 't', compresslevel=9) if p.endswith('.gz') else open(p, m)


# ------------------------------------------------------------------ assembling text (hand-made cases)
def assemble(texts, march='armv8.7-a+memtag+lse+crc'):
    """list of assembly texts -> list of lists of instruction words (hex), by binutils"""
    tmp = tempfile.mkdtemp(prefix='asm.')
    try:
        with open(f'{tmp}/a.s', 'w') as f:
            for i, t in enumerate(texts):
                f.write(f'.section .c{i},"ax"\n{t}\n')
        subprocess.run(['aarch64-linux-gnu-as', f'-march={march}', '-o', f'{tmp}/a.o', f'{tmp}/a.s'], check=True)
        out = []
        for i in range(len(texts)):
            subprocess.run(['aarch64-linux-gnu-objcopy', '-O', 'binary', '-j', f'.c{i}', f'{tmp}/a.o', f'{tmp}/a.bin'], check=True)
            b = open(f'{tmp}/a.bin', 'rb').read()
            out.append([f'{w:08x}' for w in struct.unpack(f'<{len(b) // 4}I', b)])
        return out
    finally:
        shutil.rmtree(tmp)


def disassemble(words):
    """list of instruction words (hex) -> list of texts, by objdump"""
    tmp = tempfile.mkdtemp(prefix='dis.')
    try:
        open(f'{tmp}/a.bin', 'wb').write(b''.join(struct.pack('<I', int(w, 16)) for w in words))
        o = subprocess.run(['aarch64-linux-gnu-objdump', '-D', '-b', 'binary', '-m', 'aarch64', f'{tmp}/a.bin'],
                           check=True, stdout=subprocess.PIPE).stdout.decode()
        out = []
        for l in o.splitlines():
            f = l.split('\t')
            if len(f) >= 3 and f[0].strip().endswith(':'):
                out.append(' '.join(f[2:]).split('//')[0].strip())
        assert len(out) == len(words), (len(out), len(words))
        return out
    finally:
        shutil.rmtree(tmp)


if __name__ == '__main__':
    src, dst = sys.argv[1:3]
    cases = [json.loads(l) for l in opn(src, 'r') if l.strip()]
    cases = [c.get('case', c) for c in cases]
    t = time.monotonic()
    rs = run_cases(cases)
    dt = time.monotonic() - t
    with opn(dst, 'w') as f:
        for c, r in zip(cases, rs):
            f.write(json.dumps({'case': full_case(c), 'result': r}, separators=(',', ':')) + '\n')
    print(f'{len(cases)} cases in {dt:.2f} s', json.dumps(platform))
