export { SupportChat, type SupportChatProps } from './support-chat';
