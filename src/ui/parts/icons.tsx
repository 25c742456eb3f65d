/** The few icons, drawn as lines. */

export const ICONS = {
  overview: <path d="M2 13l4-5 4 3 4-7 4 6" />,
  applications: (
    <path d="M4 3h4a1 1 0 011 1v4a1 1 0 01-1 1H4a1 1 0 01-1-1V4a1 1 0 011-1zM12 3h4a1 1 0 011 1v4a1 1 0 01-1 1h-4a1 1 0 01-1-1V4a1 1 0 011-1zM4 11h4a1 1 0 011 1v4a1 1 0 01-1 1H4a1 1 0 01-1-1v-4a1 1 0 011-1zM12 11h4a1 1 0 011 1v4a1 1 0 01-1 1h-4a1 1 0 01-1-1v-4a1 1 0 011-1z" />
  ),
  connections: <path d="M3 7h13M13 4l3 3-3 3M17 13H4M7 10l-3 3 3 3" />,
  history: <path d="M10 3a7 7 0 100 14 7 7 0 000-14zM10 6v4l3 2" />,
  alerts: <path d="M4 14h12l-1.5-2.5V8a4.5 4.5 0 00-9 0v3.5L4 14zM8.5 16.5a1.6 1.6 0 003 0" />,
  limits: <path d="M3 14a7 7 0 0114 0M10 14l4-5" />,
  health: <path d="M2 10h4l2-5 4 10 2-5h4" />,
  more: <path d="M4 10h.01M10 10h.01M16 10h.01" strokeWidth="2.6" />,
} as const;

export function Icon({ name }: { readonly name: keyof typeof ICONS }) {
  return (
    <svg viewBox="0 0 20 20" aria-hidden="true">
      {ICONS[name]}
    </svg>
  );
}

export function Logo() {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d="M3 16V8l4.5 5L12 6l4.5 7L21 8v8" />
    </svg>
  );
}
