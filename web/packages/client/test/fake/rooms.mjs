// Plain rooms of the stand-in server.

/** A room with these people, all of them away. */
export function openRoom(server, roomId, users, change = {}) {
  const people = users.map(({ memberId, userCode, name }) => ({
    memberId,
    userCode,
    name,
    online: false,
    manages: false,
  }));
  const plain = {
    roomId,
    key: null,
    name: '방',
    productId: null,
    status: 'ACTIVE',
    open: true,
    maxParticipants: null,
    participantCount: people.length,
    onlineCount: 0,
    expiresAt: null,
    createdAt: new Date().toISOString(),
    joined: true,
    manages: false,
    unreadCount: 0,
    lastMessage: null,
    ...change,
  };
  const room = { messages: [], reads: new Map(), people, plain };
  server.rooms.set(roomId, room);
  return room;
}

/** The last that somebody hears of a room: the server itself ends the subscriptions. */
export function removeFrom(server, roomId, { memberId }) {
  const topic = `/topic/chat/${roomId}`;
  const event = { type: 'REMOVED', sessionId: roomId, roomId, memberId, reason: 'REMOVED' };
  server.publish(topic, event);
  for (const { subscriptions } of server.connections) {
    for (const [id, destination] of subscriptions) if (destination === topic) subscriptions.delete(id);
  }
}

export function answerOfRoom(room, what, url, user) {
  if (!room) return { status: 404, code: 'not_found', error: '없어요.' };
  const isIn = room.people.some(one => one.memberId === user.memberId);
  if (what === 'join') {
    if (!isIn) room.people.push({ ...user, online: false, manages: false });
    return { body: view(room, user) };
  }
  if (!isIn) return { status: 403, code: 'not_participant', error: '채팅 참여자만 조회할 수 있습니다.' };
  if (what === 'leave') {
    room.people = room.people.filter(one => one.memberId !== user.memberId);
    return { body: view(room, user) };
  }
  if (what === '') return { body: view(room, user) };
  if (what === 'participants') {
    const online = room.people.filter(one => one.online).length;
    return { body: { count: room.people.length, onlineCount: online, items: room.people, nextCursor: null } };
  }
  const before = Number(url.searchParams.get('before') ?? Number.POSITIVE_INFINITY);
  const limit = Number(url.searchParams.get('limit') ?? 50);
  const isTold = message => message.messageType === 'NOTIFICATION' && message.senderType !== 'S';
  const wanted = what === 'notices' ? room.messages.filter(isTold) : room.messages;
  const older = wanted.filter(message => message.seq < before).reverse();
  const items = older.slice(0, limit);
  return { body: { items, nextCursor: older.length > limit ? String(items.at(-1).seq) : null } };
}

function view({ plain, people, messages, reads }, { memberId }) {
  const last = messages.at(-1) ?? null;
  const lastReadSeq = reads.get(memberId) ?? 0;
  const unreadCount = messages.filter(
    ({ seq, senderId }) => seq > lastReadSeq && senderId && senderId !== memberId,
  ).length;
  const joined = people.some(one => one.memberId === memberId);
  return { ...plain, joined, lastReadSeq, unreadCount, lastMessage: last, participantCount: people.length };
}
