/** `switchyard://run/3/findings/finding/1`: a place in the session that is open, never a file and never another machine's. */
const SCHEME = 'switchyard://'
/** What an address of the page may hold: words, numbers, and the range of cycles. */
const PLACE =
  /^(?:run|experiment|museum|compare|glossary|settings)(?:\/[A-Za-z0-9._,%-]{1,100}){0,10}\/?(?:\?cycles=\d{1,15}-\d{1,15})?$/

/** The scheme that the system opens us for. */
export const DEEP_LINK_SCHEME = SCHEME.slice(0, -3)

/** Whether a word of a command line is a link rather than a file. */
export const isDeepLink = (word: string): boolean => word.startsWith(SCHEME)

/** The page's address for a link, `#/run/3/...`; null where it is none that the page has. */
export function hashOfLink(link: string): string | null {
  if (!isDeepLink(link)) return null
  const place = link.slice(SCHEME.length)
  return PLACE.test(place) ? `#/${place.replace(/\/(?=$|\?)/, '')}` : null
}
