import type { ReactNode } from 'react';

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg
      width="20"
      height="20"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export function ChatsIcon() {
  return (
    <Icon>
      <path d="M4 5h16v11H10l-4 4v-4H4z" />
    </Icon>
  );
}

export function HistoryIcon() {
  return (
    <Icon>
      <path d="M5 4h14v16H5zM9 9h6M9 13h6" />
    </Icon>
  );
}

export function DashboardIcon() {
  return (
    <Icon>
      <path d="M5 20v-7M12 20V5M19 20v-10" />
    </Icon>
  );
}

export function BackIcon() {
  return (
    <Icon>
      <path d="M15 5l-7 7 7 7" />
    </Icon>
  );
}

export function PaneIcon() {
  return (
    <Icon>
      <path d="M4 5h16v14H4zM15 5v14" />
    </Icon>
  );
}

export function ListIcon() {
  return (
    <Icon>
      <path d="M4 5h16v14H4zM9 5v14" />
    </Icon>
  );
}

export function SendIcon() {
  return (
    <Icon>
      <path d="M5 12h13M12 6l6 6-6 6" />
    </Icon>
  );
}

export function DownIcon() {
  return (
    <Icon>
      <path d="M12 5v13M6 12l6 6 6-6" />
    </Icon>
  );
}

export function MoreIcon() {
  return (
    <Icon>
      <path d="M12 6h.01M12 12h.01M12 18h.01" strokeWidth="3" />
    </Icon>
  );
}

export function EyeIcon() {
  return (
    <Icon>
      <path d="M3 12c2.500-4 5.500-6 9-6s6.500 2 9 6c-2.500 4-5.500 6-9 6s-6.500-2-9-6z" />
      <circle cx="12" cy="12" r="2.500" />
    </Icon>
  );
}

export function ChevronIcon() {
  return (
    <Icon>
      <path d="M6 9l6 6 6-6" />
    </Icon>
  );
}

export function LinkIcon() {
  return (
    <Icon>
      <path d="M10 14a4 4 0 005.7 0l3-3a4 4 0 00-5.7-5.7l-1 1M14 10a4 4 0 00-5.7 0l-3 3A4 4 0 0011 18.700l1-1" />
    </Icon>
  );
}

/** Maru's own mark: a hall's roof over its floor. */
export function Mark() {
  return (
    <svg
      width="26"
      height="26"
      viewBox="0 0 32 32"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d="M3 14c5-1 9-4 13-8 4 4 8 7 13 8" />
      <path d="M7 15v8M25 15v8M4 23h24M8 27h16" />
    </svg>
  );
}
