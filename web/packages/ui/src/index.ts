export * from './accent';
export * from './kept';
export * from './particle';
export * from './switches';
export * from './texts';
export * from './theme';
export * from './time';
