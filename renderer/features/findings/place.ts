/** The review questions that reviewers ask of a world switch, in their order. */
export const questions = [
  { id: 1, title: 'Which event synchronises each write?', short: 'Synchronised by' },
  { id: 2, title: 'Is each saved slot used?', short: 'Slots and barriers' },
  { id: 3, title: 'May this save and restore move?', short: 'May it move?' },
] as const
export type QuestionId = (typeof questions)[number]['id']

/** What the findings view shows: a finding (counted from 1) with the step that is looked at, a question, or the card for a mail. */
export type FindingsPlace =
  | { finding: number; step: number | null }
  | { question: QuestionId }
  | { card: true }
