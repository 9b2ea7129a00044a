/** 0002: what the switch contract said of a run. Addresses are hex strings inside JSON. */
export const findings = /* sql */ `
CREATE TABLE verdict (
  run     INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
  word    TEXT NOT NULL, -- VerdictWord
  text    TEXT NOT NULL,
  detail  TEXT NOT NULL, -- Verdict as JSON
  advice  TEXT NOT NULL, -- Advice[] as JSON
  pending TEXT NOT NULL  -- PendingBoundary[] as JSON
) STRICT;

CREATE TABLE finding (
  run      INTEGER NOT NULL REFERENCES verdict (run) ON DELETE CASCADE,
  number   INTEGER NOT NULL, -- counted from 1: FILE#RUN --finding NUMBER
  kind     TEXT    NOT NULL,
  register TEXT    NOT NULL,
  owner    INTEGER NOT NULL,
  other    INTEGER,
  detail   TEXT    NOT NULL, -- Finding as JSON
  PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;
`
