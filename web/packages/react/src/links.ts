export type Piece = { text: string; href?: string };

const CANDIDATE = /\b(?:https?:\/\/|www\.)[^\s<>"'`]+/gi;
/** The host is ASCII or punycode, so that a Korean particle right after it stays outside the link. */
const LINK = /^(?:https?:\/\/)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d+)?(?:[/?#][^\s]*)?/i;
const TRAILING = /[.,;:!?…。、)\]}]+$/;
/** A particle written right after a link's last ASCII character. */
const PARTICLE = /(?<=[!-~])(?:에서|으로|까지|부터|에게|[은는이가을를에로와과의도])$/;

/** Splits a message into plain text and web links. Nothing here is HTML; `href` is always http(s). */
export function splitLinks(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const { 0: candidate, index } of text.matchAll(CANDIDATE)) {
    const link = trimLink(LINK.exec(candidate)?.[0] ?? '');
    if (!link.includes('.') && !link.includes('localhost')) continue;
    if (index > end) pieces.push({ text: text.slice(end, index) });
    pieces.push({ text: link, href: /^https?:/i.test(link) ? link : `https://${link}` });
    end = index + link.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end) });
  return pieces;
}

/** Without the punctuation of the sentence around it; a bracket that the link itself opened stays. */
function trimLink(link: string): string {
  const trimmed = link.replace(TRAILING, '').replace(PARTICLE, '');
  return link[trimmed.length] === ')' && trimmed.includes('(') ? `${trimmed})` : trimmed;
}
