export * from './particle';
export * from './texts';
export * from './theme';
export * from './time';
