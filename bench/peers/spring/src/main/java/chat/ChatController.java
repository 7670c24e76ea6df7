package chat;

import java.security.Principal;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.messaging.simp.SimpMessagingTemplate;
import org.springframework.stereotype.Controller;

@Controller
class ChatController {
    private final ChatService service;
    private final SimpMessagingTemplate template;

    ChatController(ChatService service, SimpMessagingTemplate template) {
        this.service = service;
        this.template = template;
    }

    @MessageMapping("/chat.sendMessage")
    void sendMessage(@Payload SendMessage message, Principal sender) {
        ChatMessage stored = service.sendMessage(message, (Member) sender);
        template.convertAndSend("/topic/chat/" + stored.sessionId(), stored);
    }
}
