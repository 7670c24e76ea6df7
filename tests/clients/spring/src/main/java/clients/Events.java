package clients;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;

import static java.nio.charset.StandardCharsets.UTF_8;

/** What every program here does: it prints a line of JSON for each thing that happens, and a line lets it go on. */
final class Events {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final PrintStream OUT = new PrintStream(new FileOutputStream(FileDescriptor.out), true, UTF_8);
    private static final BufferedReader IN = new BufferedReader(new InputStreamReader(System.in, UTF_8));

    private Events() {
    }

    static ObjectNode event(String name) {
        return JSON.createObjectNode().put("event", name);
    }

    static synchronized void say(ObjectNode event) {
        OUT.println(event);
    }

    static void goOn() throws IOException {
        IN.readLine();
    }
}
