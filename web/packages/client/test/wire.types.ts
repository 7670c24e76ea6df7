// Holds src/wire.ts to what the server describes (src/generated/api.ts): the same members, each of a type that is as
// narrow or narrower, but for those named. Nothing runs here: tsc is the test.
import type { components } from '../src/generated/api';
import type * as wire from '../src/wire';

type Described = components['schemas'];

type SameMembers<Ours, Theirs> = [keyof Ours, keyof Theirs] extends [keyof Theirs, keyof Ours] ? true : never;
type Fits<Ours, Theirs, But extends keyof Ours = never> =
  Omit<Required<Ours>, But> extends Omit<Theirs, But> ? SameMembers<Ours, Theirs> : never;

export const fits: {
  tokens: Fits<wire.Tokens, Described['Tokens']>;
  user: Fits<wire.User, Described['User']>;
  category: Fits<wire.Category, Described['Category']>;
  // Null content is for a server that encrypts it; the others are open in the description.
  message: Fits<wire.Message, Described['Message'], 'content' | 'attachment' | 'system'>;
  session: Fits<wire.SupportSession, Described['Session'], 'lastMessage'>;
  read: Fits<wire.ReadEvent, Described['ReadEvent']>;
  typing: Fits<wire.TypingEvent, Described['TypingEvent']>;
  presence: Fits<wire.PresenceEvent, Described['PresenceEvent']>;
  state: Fits<wire.StateEvent, Described['StateEvent'], 'session'>;
  newSession: Fits<wire.NewSessionEvent, Described['NewSessionEvent'], 'session'>;
  queue: Fits<wire.QueueEvent, Described['QueueEvent']>;
  longWait: Fits<wire.LongWaitEvent, Described['LongWaitEvent'], 'session'>;
  sync: Fits<wire.SyncEvent, Described['SyncEvent'], 'session' | 'reads'>;
} = {
  tokens: true,
  user: true,
  category: true,
  message: true,
  session: true,
  read: true,
  typing: true,
  presence: true,
  state: true,
  newSession: true,
  queue: true,
  longWait: true,
  sync: true,
};
