import type { Plugin } from 'vite';
export function markParticles(text: string): string;
export function texts(folders?: string[], unused?: RegExp): Plugin;
