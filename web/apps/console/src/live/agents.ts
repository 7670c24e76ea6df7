import { maru } from '../maru';

/** Somebody who may take a chat. */
export interface Agent {
  memberId: number;
  userCode: string;
  name: string;
  online: boolean;
}

export async function fetchAgents(): Promise<Agent[]> {
  const { items } = await maru.rest.call<{ items: Agent[] }>('GET', '/api/admin/chat/agents');
  return items;
}
