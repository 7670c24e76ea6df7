import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';

const NEAR_PX = 48;

interface Anchor {
  element: Element;
  top: number;
}

/**
 * Keeps a growing list still: at the bottom it stays at the bottom, elsewhere the row under the eye stays where it
 * is, whatever is put in above or grows late.
 */
export function useSteadyScroll(
  box: RefObject<HTMLElement | null>,
  list: RefObject<HTMLElement | null>,
  turn: unknown,
) {
  const stuck = useRef(true);
  const anchor = useRef<Anchor | null>(null);
  const [atBottom, setAtBottom] = useState(true);

  const settle = () => {
    const element = box.current;
    if (!element) return;
    if (stuck.current) element.scrollTop = element.scrollHeight;
    else if (anchor.current?.element.isConnected) {
      element.scrollTop += anchor.current.element.getBoundingClientRect().top - anchor.current.top;
    }
    remember();
  };

  const remember = () => {
    if (!box.current || !list.current) return;
    const element = firstVisible(list.current, box.current.getBoundingClientRect().top);
    anchor.current = element && { element, top: element.getBoundingClientRect().top };
  };

  const onScroll = () => {
    const element = box.current;
    if (!element) return;
    stuck.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
    setAtBottom(stuck.current);
    remember();
  };

  const toBottom = () => {
    stuck.current = true;
    setAtBottom(true);
    settle();
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` says when the list has changed
  useLayoutEffect(settle, [turn]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: refs and functions over refs
  useEffect(() => {
    if (typeof ResizeObserver === 'undefined' || !box.current || !list.current) return;
    const observer = new ResizeObserver(settle);
    observer.observe(box.current);
    observer.observe(list.current);
    return () => observer.disconnect();
  }, []);

  return { atBottom, onScroll, toBottom };
}

/** The message of the first row that reaches below `top`; rows stand in order, so halving finds it. */
function firstVisible(list: HTMLElement, top: number): Element | null {
  let low = 0;
  let high = list.children.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const bottom = list.children[middle]?.getBoundingClientRect().bottom ?? 0;
    if (bottom <= top) low = middle + 1;
    else high = middle;
  }
  // A row's last part is the message itself: what stands above it in the row may come and go.
  return list.children[low]?.lastElementChild ?? null;
}
