export * from './particle';
export * from './switches';
export * from './texts';
export * from './theme';
export * from './time';
