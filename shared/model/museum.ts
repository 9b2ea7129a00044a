/** A known bug of world switches, kept so that it can be seen: a story, and the experiment with and without it. */
export interface MuseumCase {
  name: string
  title: string
  /** What goes wrong, in one line. */
  line: string
  /** Hazards that it shows, such as H1: the list is in resources/experiments/museum/README.md. */
  hazards: string[]
  /** Story, sources and limits of the model, Markdown. */
  story: string
  broken: MuseumVariant
  fixed: MuseumVariant
}

/** An experiment that can be started as it is. */
export interface MuseumVariant {
  /** Name and text of the experiment, as `run.start` takes them. */
  name: string
  text: string
  /** path=value overrides. */
  set: string[]
  /** What is different in it, in a few words. */
  what: string
}
