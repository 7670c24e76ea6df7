export * from './particle';
export * from './texts';
export * from './time';
