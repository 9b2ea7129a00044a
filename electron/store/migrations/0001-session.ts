/**
 * 0001: the session. Cycles are model cycles since the run began, per PE; ns host nanoseconds since then; 64-bit values are
 * stored as signed patterns (values.ts). Every table but `about` belongs to a run, and goes with it.
 */
export const session = /* sql */ `
CREATE TABLE about (
  key   TEXT PRIMARY KEY, -- created_by, written_by: versions of Switchyard
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
  id              INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: FILE#RUN stays what it was
  title           TEXT    NOT NULL,
  experiment      TEXT    NOT NULL, -- the experiment's name
  text            TEXT    NOT NULL, -- as it was run, overrides applied
  experiment_hash TEXT    NOT NULL, -- SHA-256 hex
  image_hash      TEXT    NOT NULL, -- SHA-256 hex of the ELF image
  state           TEXT    NOT NULL, -- RunState
  stop            TEXT,             -- StopReason as JSON
  state_hash      TEXT,             -- SHA-256 hex
  started_ms      INTEGER NOT NULL, -- Unix time
  owner           TEXT    NOT NULL, -- process that computes it (ownership.ts)
  heartbeat_ms    INTEGER NOT NULL, -- Unix time; renewed while it is computed
  switches        INTEGER NOT NULL DEFAULT 0,
  instructions    INTEGER NOT NULL DEFAULT 0,
  cycles          INTEGER NOT NULL DEFAULT 0, -- of the PE that has most
  host_ns         INTEGER NOT NULL DEFAULT 0,
  sync_faults     INTEGER NOT NULL DEFAULT 0,
  async_faults    INTEGER NOT NULL DEFAULT 0,
  pes             INTEGER NOT NULL,
  schedule        TEXT    NOT NULL,
  seed            INTEGER NOT NULL,
  sync            TEXT    NOT NULL,
  mode            TEXT    NOT NULL,
  policy          TEXT    NOT NULL,
  cost_profile    TEXT    NOT NULL,
  version         TEXT    NOT NULL  -- of Switchyard
) STRICT;

CREATE TABLE vcpu (
  run    INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  vcpu   INTEGER NOT NULL,
  guest  TEXT    NOT NULL,
  mte    INTEGER NOT NULL,
  checks TEXT    NOT NULL,
  PRIMARY KEY (run, vcpu)
) STRICT, WITHOUT ROWID;

-- The last known state of each PE.
CREATE TABLE pe (
  run          INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  pe           INTEGER NOT NULL,
  power        TEXT    NOT NULL,
  el           INTEGER NOT NULL,
  instructions INTEGER NOT NULL,
  cycles       INTEGER NOT NULL,
  switches     INTEGER NOT NULL,
  owner        INTEGER NOT NULL,
  pc           INTEGER NOT NULL,
  PRIMARY KEY (run, pe)
) STRICT, WITHOUT ROWID;

-- One guest entry and the exit that ends it. phase0..5 follow shared/model/trace.ts and add up to the latency.
CREATE TABLE world_switch (
  id                 INTEGER PRIMARY KEY,
  run                INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  pe                 INTEGER NOT NULL,
  vcpu               INTEGER NOT NULL,
  start_cycle        INTEGER NOT NULL,
  guest_cycle        INTEGER NOT NULL,
  exit_cycle         INTEGER NOT NULL,
  end_cycle          INTEGER NOT NULL,
  latency            INTEGER NOT NULL,
  instructions       INTEGER NOT NULL,
  guest_instructions INTEGER NOT NULL,
  phase0             INTEGER NOT NULL,
  phase1             INTEGER NOT NULL,
  phase2             INTEGER NOT NULL,
  phase3             INTEGER NOT NULL,
  phase4             INTEGER NOT NULL,
  phase5             INTEGER NOT NULL,
  esr                INTEGER NOT NULL,
  elr                INTEGER NOT NULL,
  exit               TEXT    NOT NULL,
  start_ns           INTEGER NOT NULL,
  end_ns             INTEGER NOT NULL
) STRICT;
-- Holds all that charts read, so that they never touch the rows.
CREATE INDEX world_switch_by_start ON world_switch (run, start_cycle, id, pe, vcpu, latency,
  phase0, phase1, phase2, phase3, phase4, phase5);
CREATE INDEX world_switch_by_pe ON world_switch (run, pe, start_cycle, id, end_cycle);

-- The whole run's latencies as distinct values with counts: exact statistics without reading the switches.
CREATE TABLE latency_count (
  run     INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  pe      INTEGER NOT NULL,
  vcpu    INTEGER NOT NULL,
  latency INTEGER NOT NULL,
  count   INTEGER NOT NULL,
  example INTEGER NOT NULL, -- a world_switch of that latency: the first that was stored
  PRIMARY KEY (run, pe, vcpu, latency)
) STRICT, WITHOUT ROWID;

CREATE TABLE phase_total (
  run      INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  pe       INTEGER NOT NULL,
  vcpu     INTEGER NOT NULL,
  switches INTEGER NOT NULL,
  phase0   INTEGER NOT NULL,
  phase1   INTEGER NOT NULL,
  phase2   INTEGER NOT NULL,
  phase3   INTEGER NOT NULL,
  phase4   INTEGER NOT NULL,
  phase5   INTEGER NOT NULL,
  PRIMARY KEY (run, pe, vcpu)
) STRICT, WITHOUT ROWID;

-- One mismatching access; never sampled away.
CREATE TABLE tag_fault (
  id          INTEGER PRIMARY KEY,
  run         INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  pe          INTEGER NOT NULL,
  cycle       INTEGER NOT NULL,
  ns          INTEGER NOT NULL,
  owner       INTEGER NOT NULL,
  el          INTEGER NOT NULL,
  kind        TEXT    NOT NULL,
  mode        TEXT    NOT NULL,
  pc          INTEGER NOT NULL,
  address     INTEGER NOT NULL,
  granule     INTEGER NOT NULL,
  pointer_tag INTEGER NOT NULL,
  memory_tag  INTEGER NOT NULL,
  write       INTEGER NOT NULL,
  bytes       INTEGER NOT NULL
) STRICT;
CREATE INDEX tag_fault_by_cycle ON tag_fault (run, cycle, id, owner, kind, mode);

-- One change of one register on one PE; sequence orders the changes of one cycle.
CREATE TABLE register_change (
  run      INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  pe       INTEGER NOT NULL,
  register TEXT    NOT NULL, -- a key of shared/arch
  slot     TEXT    NOT NULL, -- architectural or effective
  cycle    INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  owner    INTEGER NOT NULL,
  cause    TEXT    NOT NULL,
  value    INTEGER NOT NULL,
  pc       INTEGER NOT NULL,
  ns       INTEGER NOT NULL,
  PRIMARY KEY (run, pe, register, slot, cycle, sequence)
) STRICT, WITHOUT ROWID;

-- Changes of architectural values by register and owner, the initial value not counted.
CREATE TABLE register_total (
  run      INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  register TEXT    NOT NULL,
  owner    INTEGER NOT NULL,
  count    INTEGER NOT NULL,
  PRIMARY KEY (run, register, owner)
) STRICT, WITHOUT ROWID;

-- High-rate events of one PE as compressed columns (event-columns.ts has the layout).
CREATE TABLE event_chunk (
  run         INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  pe          INTEGER NOT NULL,
  first_cycle INTEGER NOT NULL,
  sequence    INTEGER NOT NULL,
  last_cycle  INTEGER NOT NULL,
  count       INTEGER NOT NULL,
  columns     BLOB    NOT NULL,
  PRIMARY KEY (run, pe, first_cycle, sequence)
) STRICT, WITHOUT ROWID;

-- What the guests wrote to the UART, in order.
CREATE TABLE console (
  run      INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  sequence INTEGER NOT NULL,
  bytes    BLOB    NOT NULL,
  PRIMARY KEY (run, sequence)
) STRICT, WITHOUT ROWID;
`
