import type { SupportSession } from '@maru/client';
import { maru } from '../maru';
import { newer, putSession } from './open-sessions';
import { changeOpenSessions } from './queries';

/** Shows a session that a REST answer carried; what happened since may have been told before the answer came, and stays. */
export function takeAnswer(answer: SupportSession): void {
  const conversation = maru.conversation(answer.sessionId);
  const session = newer(answer, conversation.get().session);
  conversation.update(session);
  changeOpenSessions(sessions => putSession(sessions, session));
}
