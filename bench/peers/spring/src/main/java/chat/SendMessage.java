package chat;

/** What a client sends. */
record SendMessage(long sessionId, String content, String messageType, String clientMessageId) {}
