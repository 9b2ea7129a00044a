import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { formatRoute, parseRoute, type Route } from './route.ts'

/** The route in the address. Pages are entries of the history; a selection or a zoom only rewrites the current one. */
export const useNavigation = defineStore('navigation', () => {
  const route = shallowRef<Route>({ page: 'home' })

  function go(next: Route): void {
    route.value = next
    if (location.hash !== formatRoute(next)) history.pushState(null, '', formatRoute(next))
  }

  function rewrite(next: Route): void {
    route.value = next
    history.replaceState(null, '', formatRoute(next))
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
