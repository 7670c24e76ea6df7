/*
 * The embed script. It draws the launcher in a closed shadow root and loads nothing else before the first click (for
 * a visitor who chatted before: when the page is idle). The conversation lives in a frame of the server's own origin,
 * out of reach of the host page's scripts.
 */
import type { Greeting, ToFrame, ToHost } from '../protocol';
import { style } from './style';
import { type Words, words } from './words';

type Command = 'open' | 'close' | 'toggle' | 'destroy' | 'theme' | 'locale';

const READY_MS = 15_000;
const RETURNING = 'maru:returning';
const KEPT = 'maru:kept';

const script = document.currentScript as HTMLScriptElement | null;
const origin = new URL(script?.src ?? location.href).origin;
const options = { ...script?.dataset };

const host = document.createElement('div');
const root = host.attachShadow({ mode: 'closed' });
const button = part('button', 'launcher') as HTMLButtonElement;
const badge = part('span', 'badge');
const hint = part('p', 'hint');
const panel = part('div', 'panel');

let frame: HTMLIFrameElement | null = null;
let port: MessagePort | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let shown = false;
let unread = 0;

function part(tag: string, name: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = name;
  element.setAttribute('part', name);
  return element;
}

function language(): string {
  return options.locale || document.documentElement.lang || navigator.language;
}

function say(): Words {
  return words[language().startsWith('en') ? 'en' : 'ko'];
}

function draw(): void {
  const { open, close, count, chat } = say();
  button.setAttribute('aria-expanded', String(shown));
  button.setAttribute('aria-label', shown ? close : unread > 0 ? `${open}, ${count(unread)}` : open);
  panel.setAttribute('aria-label', chat);
  badge.textContent = unread > 99 ? '99+' : String(unread);
  badge.hidden = shown || unread === 0;
  host.dataset.open = String(shown);
  host.dataset.theme = options.theme ?? '';
  panel.toggleAttribute('data-open', shown);
  if (frame) frame.title = chat;
  const title = document.title.replace(/^\(\d+\) /, '');
  const next = shown || unread === 0 ? title : `(${unread}) ${title}`;
  if (next !== document.title) document.title = next;
}

/** On a phone the panel is the visible part of the screen, also above a keyboard. */
function fit(): void {
  const view = visualViewport;
  const small = view && innerWidth <= 480;
  panel.style.height = small ? `${view.height}px` : '';
  panel.style.top = small ? `${view.offsetTop}px` : '';
}

function load(): void {
  if (frame) return;
  hint.hidden = true;
  frame = document.createElement('iframe');
  frame.src = `${origin}/widget/frame`;
  frame.allow = 'clipboard-write';
  panel.append(frame);
  timer = setTimeout(fail, READY_MS);
}

/** The frame does not answer: it goes, so that the page stays usable, and the launcher offers another try. */
function fail(): void {
  unload();
  show(false);
  hint.textContent = say().failed;
  hint.hidden = false;
}

function unload(): void {
  clearTimeout(timer);
  port?.close();
  port = null;
  frame?.remove();
  frame = null;
}

function tell(message: ToFrame): void {
  port?.postMessage(message);
}

function show(open: boolean): void {
  if (shown === open) return;
  shown = open;
  if (open) {
    load();
    fit();
  }
  draw();
  tell({ open });
  if (open) frame?.focus();
  else button.focus();
}

/** Only the frame we made, from the server it came from. */
function onReady({ source, origin: from, data }: MessageEvent): void {
  if (!frame || source !== frame.contentWindow || from !== origin || data !== 'maru:ready') return;
  clearTimeout(timer);
  const channel = new MessageChannel();
  port = channel.port1;
  port.onmessage = ({ data }: MessageEvent<ToHost>) => onFrame(data);
  const { theme = null, accent = null } = options;
  const kept = attempt(() => sessionStorage[KEPT]);
  const greeting: Greeting = { maru: 'port', open: shown, locale: language(), theme, accent, kept };
  source?.postMessage(greeting, { targetOrigin: origin, transfer: [channel.port2] });
}

function onFrame(message: ToHost): void {
  if ('close' in message) show(false);
  if ('unread' in message) {
    unread = message.unread;
    draw();
  }
  if ('started' in message) attempt(() => (localStorage[RETURNING] = '1'));
  if ('keep' in message) attempt(() => (sessionStorage[KEPT] = message.keep));
}

/** The host page's storage; where it keeps nothing, the frame loads at the next click and begins anew. */
function attempt(use: () => string | null | undefined): string | null {
  try {
    return use() ?? null;
  } catch {
    return null;
  }
}

function onKey(event: KeyboardEvent): void {
  if (event.key === 'Escape' && shown) show(false);
}

function destroy(): void {
  unload();
  unread = 0;
  draw();
  removeEventListener('message', onReady);
  visualViewport?.removeEventListener('resize', fit);
  visualViewport?.removeEventListener('scroll', fit);
  host.remove();
  delete (window as { Maru?: unknown }).Maru;
}

function command(name: Command, value = ''): void {
  if (name === 'destroy') destroy();
  else if (name === 'theme' || name === 'locale') {
    options[name] = value;
    tell(name === 'theme' ? { theme: value } : { locale: value });
    draw();
  } else show(name === 'toggle' ? !shown : name === 'open');
}

function icon(): SVGElement {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  for (const shape of [
    'M20 11.2c0 4-3.6 7.3-8 7.3-1 0-2-.2-3-.5L4.5 19.5l1.2-3.8A7 7 0 0 1 4 11.2C4 7.2 7.6 4 12 4s8 3.2 8 7.2z',
    'M6 9l6 6 6-6',
  ]) {
    const path = document.createElementNS(space, 'path');
    path.setAttribute('d', shape);
    svg.append(path);
  }
  return svg;
}

function mount(): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [sheet];
  button.type = 'button';
  button.append(icon(), badge);
  hint.hidden = true;
  hint.setAttribute('role', 'status');
  panel.setAttribute('role', 'dialog');
  root.append(panel, hint, button);
  button.addEventListener('click', () => show(!shown));
  root.addEventListener('keydown', event => onKey(event as KeyboardEvent));
  addEventListener('message', onReady);
  visualViewport?.addEventListener('resize', fit);
  visualViewport?.addEventListener('scroll', fit);
  if (options.accent) host.style.setProperty('--maru-accent', options.accent);
  draw();
  document.body.append(host);
  if (attempt(() => localStorage[RETURNING])) (globalThis.requestIdleCallback ?? setTimeout)(load);
}

if (!(window as { Maru?: unknown }).Maru) {
  Object.assign(window, { Maru: command });
  if (document.body) mount();
  else addEventListener('DOMContentLoaded', mount);
}
