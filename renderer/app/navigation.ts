import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { formatRoute, parseRoute, type Route } from './route.ts'

const REST_MS = 200

/** The route in the address. Pages are entries of the history; a selection or a zoom only rewrites the current one. */
export const useNavigation = defineStore('navigation', () => {
  const route = shallowRef<Route>({ page: 'home' })
  let timer: ReturnType<typeof setTimeout> | undefined

  function go(next: Route): void {
    clearTimeout(timer)
    route.value = next
    if (location.hash !== formatRoute(next)) history.pushState(null, '', formatRoute(next))
  }

  /** Rewrites the current entry; the address follows when the hand rests, since each write of it costs milliseconds. */
  function rewrite(next: Route): void {
    route.value = next
    clearTimeout(timer)
    timer = setTimeout(() => history.replaceState(null, '', formatRoute(route.value)), REST_MS)
  }

  /** @returns a function that stops listening to the address. */
  function listen(arrived: (route: Route) => void): () => void {
    const read = (): void => {
      route.value = parseRoute(location.hash)
      arrived(route.value)
    }
    window.addEventListener('popstate', read)
    window.addEventListener('hashchange', read)
    read()
    return () => {
      window.removeEventListener('popstate', read)
      window.removeEventListener('hashchange', read)
    }
  }

  return { route, go, rewrite, listen }
})
