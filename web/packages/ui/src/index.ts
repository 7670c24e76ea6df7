export * from './accent';
export * from './initials';
export * from './kept';
export * from './particle';
export * from './switches';
export * from './texts';
export * from './theme';
export * from './time';
