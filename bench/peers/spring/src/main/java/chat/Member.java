package chat;

import java.security.Principal;

/** Who is connected. */
record Member(long id, String name) implements Principal {
    @Override
    public String getName() {
        return name;
    }
}
