package chat;

import java.time.LocalDateTime;
import org.springframework.stereotype.Service;

@Service
class ChatService {
    private final ChatRepository repository;

    ChatService(ChatRepository repository) {
        this.repository = repository;
    }

    /** Stores a message of one of the two. */
    ChatMessage sendMessage(SendMessage message, Member sender) {
        String content = message.content();
        if (content == null || content.isBlank() || content.length() > 2000) {
            throw new IllegalArgumentException("a message has 1 to 2000 characters");
        }
        ChatSession session = repository
                .session(message.sessionId())
                .filter(found -> found.has(sender))
                .orElseThrow(() -> new SecurityException("not a session of this member"));
        String senderType = sender.id() == session.memberId() ? "M" : "A";
        LocalDateTime now = LocalDateTime.now();
        long id = repository.insert(session.sessionId(), sender.id(), senderType, content, now);
        return new ChatMessage(
                id,
                session.sessionId(),
                sender.id(),
                sender.name(),
                senderType,
                "TEXT",
                content,
                "N",
                now,
                message.clientMessageId());
    }
}
