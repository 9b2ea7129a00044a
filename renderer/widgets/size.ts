import { onBeforeUnmount, onMounted, type Ref, ref, type ShallowRef } from 'vue'

/** The width of an element in whole pixels, 0 until it is known. */
export function useWidth(element: Readonly<ShallowRef<HTMLElement | null>>): Ref<number> {
  const width = ref(0)
  let observer: ResizeObserver | undefined
  onMounted(() => {
    observer = new ResizeObserver(() => {
      width.value = Math.floor(element.value?.clientWidth ?? 0)
    })
    if (element.value) observer.observe(element.value)
  })
  onBeforeUnmount(() => observer?.disconnect())
  return width
}
