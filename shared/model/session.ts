/** A session is one SQLite file; its runs are numbered from 1. */
export interface SessionInfo {
  /** File name for people, and full path. */
  name: string
  path: string
  readOnly: boolean
  /** For people, after 'read-only: '; null when the session can be written to. */
  readOnlyWhy: string | null
  runs: number
  schemaVersion: number
  sqliteVersion: string
  appVersion: string
}

/** An experiment that comes with the product or lies in the data folder. */
export interface ExperimentEntry {
  name: string
  title: string
  path: string
  /** The file's text, comments included. */
  text: string
}

/** A policy of resources/hyp/policies: what a hypervisor does otherwise than mainline, in prose. */
export interface PolicyEntry {
  name: string
  /** Its first sentence, for a list. */
  line: string
  /** The page about it, Markdown. */
  prose: string
}

/** What is wrong with an experiment's text, at a place in it. */
export interface ExperimentProblem {
  /** 1-based. */
  line: number
  column: number
  /** JSON path such as vcpus.0.checks. */
  path: string
  cause: string
  remedy: string
}
