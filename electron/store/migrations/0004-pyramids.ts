/** 0004: room for first, last, lowest and highest of what a run has over time (pyramid-writer.ts). */
export const pyramids = /* sql */ `
-- A series over time: the latencies of one PE with one vCPU, or the changes of one slot of a register on a PE.
CREATE TABLE lane (
  id   INTEGER PRIMARY KEY,
  run  INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  pe   INTEGER NOT NULL,
  name TEXT    NOT NULL, -- latency, or the register
  part TEXT    NOT NULL, -- vCPU, or the slot
  UNIQUE (run, name, pe, part)
) STRICT;

CREATE TABLE lane_block (
  lane        INTEGER NOT NULL REFERENCES lane (id) ON DELETE CASCADE,
  level       INTEGER NOT NULL, -- a block covers 128 * 16^level points
  first_cycle INTEGER NOT NULL,
  number      INTEGER NOT NULL, -- of its level, from 0
  last_cycle  INTEGER NOT NULL,
  count       INTEGER NOT NULL,
  summary     BLOB    NOT NULL, -- points.ts
  points      BLOB,             -- level 0 alone
  UNIQUE (lane, level, first_cycle, number)
) STRICT;
`
