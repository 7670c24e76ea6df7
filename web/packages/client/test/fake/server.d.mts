import type { ErrorEvent, Message, Participant, Room, SupportSession, Tokens, User } from '../../src/index';

type Sent = { destination: string; body: Record<string, unknown>; headers: Record<string, string> };
type Verdict = 'store' | 'swallow' | 'drop' | Pick<ErrorEvent, 'code' | 'error' | 'retryAfter'>;
type Person = User & { username?: string; password?: string };

export class FakeServer {
  url: string;
  port: number;
  users: [Person, Person, ...Person[]];
  sends: Sent[];
  connects: Record<string, string>[];
  requests: { method: string; path: string; body: unknown }[];
  connections: Set<unknown>;
  tokens: Map<string, Person>;
  refreshes: Map<string, Person>;
  refreshCount: number;
  expiresIn: number;
  onSend: (send: Sent) => Verdict;
  listen(port?: number): Promise<FakeServer>;
  stop(): Promise<void>;
  dropAll(code?: number): void;
  issue(user: Person): Tokens;
  room(id: number): {
    messages: Message[];
    reads: Map<number, number>;
    session: SupportSession;
    plain: Room;
    people: Participant[];
  };
  rooms: Map<number, unknown>;
  open(customer: Person, categoryId?: number, title?: string | null): SupportSession;
  move(id: number, to: string, by: string, change?: Partial<SupportSession>): SupportSession;
  start(id: number, agent?: Person): SupportSession;
  say(id: number, user: Person | null, content: string, extra?: Partial<Message>): Message;
  publish(destination: string, body: unknown): void;
}
