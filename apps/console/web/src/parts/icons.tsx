import type { ComponentChildren } from 'preact';

/** A shape for each state, since colour alone tells nothing to one in twelve. The word stands beside it, so it is hidden. */
export type Mark = 'up' | 'waiting' | 'down' | 'growing' | 'none';

export function StateMark({ mark }: { mark: Mark }) {
  return (
    <Icon class={`mark mark-${mark}`} size={12} viewBox="0 0 12 12">
      {mark === 'up' && <circle cx="6" cy="6" r="4.5" fill="currentColor" />}
      {mark === 'waiting' && (
        <>
          <circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" stroke-width="1.5" />
          <path d="M6 1.75a4.25 4.25 0 0 0 0 8.5z" fill="currentColor" />
        </>
      )}
      {mark === 'down' && (
        <path d="M2 2l8 8M10 2l-8 8" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
      )}
      {mark === 'growing' && <path d="M6 1.5l5 9H1z" fill="currentColor" />}
      {mark === 'none' && (
        <circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" stroke-width="1.5" />
      )}
    </Icon>
  );
}

export function Scissors() {
  return (
    <Icon size={16} viewBox="0 0 16 16">
      <g fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round">
        <circle cx="4" cy="4" r="2" />
        <circle cx="4" cy="12" r="2" />
        <path d="M5.7 5.1L13.5 11M5.7 10.9L13.5 5" />
      </g>
    </Icon>
  );
}

export function Cross() {
  return (
    <Icon size={16} viewBox="0 0 16 16">
      <path d="M4 4l8 8M12 4l-8 8" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
    </Icon>
  );
}

export function Half() {
  return (
    <Icon size={16} viewBox="0 0 16 16">
      <circle cx="8" cy="8" r="5.25" fill="none" stroke="currentColor" stroke-width="1.5" />
      <path d="M8 2.75a5.25 5.25 0 0 0 0 10.5z" fill="currentColor" />
    </Icon>
  );
}

export function Chevron() {
  return (
    <Icon class="chevron" size={12} viewBox="0 0 12 12">
      <path d="M3 4.5l3 3 3-3" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" />
    </Icon>
  );
}

export function Copy() {
  return (
    <Icon size={14} viewBox="0 0 14 14">
      <g fill="none" stroke="currentColor" stroke-width="1.3" stroke-linejoin="round">
        <rect x="4.5" y="4.5" width="7.5" height="7.5" rx="1.5" />
        <path d="M9.5 2.5v-.2A1.3 1.3 0 0 0 8.2 1H2.3A1.3 1.3 0 0 0 1 2.3v5.9a1.3 1.3 0 0 0 1.3 1.3h.2" />
      </g>
    </Icon>
  );
}

export function Tick() {
  return (
    <Icon size={14} viewBox="0 0 14 14">
      <path
        d="M2.5 7.5l3 3 6-7"
        fill="none"
        stroke="currentColor"
        stroke-width="1.8"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </Icon>
  );
}

export function Moon() {
  return (
    <Icon size={18} viewBox="0 0 18 18">
      <path
        d="M15 10.8A6.5 6.5 0 0 1 7.2 3 6.5 6.5 0 1 0 15 10.8z"
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        stroke-linejoin="round"
      />
    </Icon>
  );
}

export function Sun() {
  return (
    <Icon size={18} viewBox="0 0 18 18">
      <g fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round">
        <circle cx="9" cy="9" r="3.25" />
        <path d="M9 1.5v1.7M9 14.8v1.7M1.5 9h1.7M14.8 9h1.7M3.7 3.7l1.2 1.2M13.1 13.1l1.2 1.2M3.7 14.3l1.2-1.2M13.1 4.9l1.2-1.2" />
      </g>
    </Icon>
  );
}

export function Logo() {
  return (
    <Icon class="logo" size={22} viewBox="0 0 22 22">
      <circle cx="11" cy="11" r="8.5" fill="none" stroke="currentColor" stroke-width="2.5" />
      <circle cx="11" cy="11" r="3.25" fill="currentColor" />
    </Icon>
  );
}

interface IconProps {
  size: number;
  viewBox: string;
  class?: string;
  children: ComponentChildren;
}

function Icon({ size, viewBox, class: name, children }: IconProps) {
  return (
    <svg class={name} width={size} height={size} viewBox={viewBox} aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}
