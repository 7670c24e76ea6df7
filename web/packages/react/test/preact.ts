/** Stands in for `react` in the Preact run of the view tests: what the widget ships, and `act` for the tests. */

export { act } from 'preact/test-utils';
export * from '../../../apps/widget/src/react';
