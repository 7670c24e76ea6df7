import type { Plugin } from 'vite';
export function markParticles(text: string): string;
export function texts(page?: { folders?: string[]; sources?: string[]; unused?: RegExp }): Plugin[];
