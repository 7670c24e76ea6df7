package chat;

import java.time.LocalDateTime;

/** A message as it is stored and shown. */
record ChatMessage(
        long messageId,
        long sessionId,
        long senderId,
        String senderName,
        String senderType,
        String messageType,
        String content,
        String isRead,
        LocalDateTime sentAt,
        String clientMessageId) {}
