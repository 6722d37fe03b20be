namespace Whorl.Kernel;

/// <summary>Kinds of observations that decoys make. A request to a web decoy is an <c>http.request</c> with these common attributes.</summary>
internal static class DecoyKinds
{
    public const string Auth = "auth.attempt";
    public const string Command = "command";
    public const string Payload = "payload";
    public const string Query = "query";
    public const string SessionEnded = "session.ended";

    public static readonly ObservedField[] Common =
    [
        new("source.ip", FieldType.Address, "Who spoke to the decoy. The subject of the observation."),
        new("source.port", FieldType.Number, "Its port."),
        new("destination.ip", FieldType.Address, "Address of the decoy."),
        new("destination.port", FieldType.Number, "Its port."),
        new("decoy", FieldType.Text, "Name of the decoy."),
        new("service", FieldType.Text, "What it pretends to be: `ssh`, `telnet`, `http`, `ftp`, `smtp`, `mysql`, `postgresql`, `redis`, `mssql`, `rdp`, `smb`, `vnc`, `dns`, `snmp`, `mqtt`."),
        new("session.id", FieldType.Text, "The conversation; equal in all observations of it. Absent for single datagrams."),
    ];

    public static readonly ObservationKind[] All =
    [
        new(Auth, "Somebody tried to sign in.",
        [
            new("auth.method", FieldType.Text, "`password`, `publickey`, `basic`, `form`, `native` (the service's own challenge and response), `community`, …"),
            new("auth.user", FieldType.Text, "Name that was given."),
            new("auth.secret", FieldType.Text, "Password, response to a challenge, or key, as `Decoys:Secrets` wants it kept: in clear, as a hash, or absent."),
            new("auth.secret_hash", FieldType.Text, "SHA-256 of it in hex, salted by the node's own key; equal secrets have equal hashes. Absent where secrets are left out."),
            new("auth.secret_length", FieldType.Number, "Its length in bytes."),
            new("auth.challenge", FieldType.Text, "What the secret answers to, where the service sent a challenge."),
            new("auth.accepted", FieldType.Flag, "Whether the decoy let them in."),
        ]),
        new(Command, "A command given to a decoy: a line of a shell, or a statement, request or verb of the service's protocol.",
        [
            new("command.text", FieldType.Text, "The command, bounded."),
            new("command.index", FieldType.Number, "How many came before it in the session."),
            new("command.known", FieldType.Flag, "Whether the decoy had an answer to it."),
        ]),
        new(Payload, "Bytes that were sent to a decoy to be kept: an upload, a mail, a file, or what no protocol could read.",
        [
            new("payload.sha256", FieldType.Text, "SHA-256 of what was kept; its name in the object store."),
            new("payload.bytes", FieldType.Number, "Bytes that were sent."),
            new("payload.kept", FieldType.Number, "Bytes that were kept, from the first on."),
            new("payload.name", FieldType.Text, "Name that the sender gave it."),
            new("payload.type", FieldType.Text, "What it begins like: `elf`, `pe`, `script`, `zip`, `gzip`, `text`, `mail`, `data`."),
        ]),
        new(Query, "A datagram that asks something: a DNS, SNMP or like question.",
        [
            new("query.name", FieldType.Text, "What was asked for."),
            new("query.type", FieldType.Text, "Kind of question."),
        ]),
        new(SessionEnded, "A conversation with a decoy is over.",
        [
            new("session.start", FieldType.Text, "When it began."),
            new("session.duration_ms", FieldType.Number, "How long it was, in milliseconds."),
            new("session.close", FieldType.Text, "How it ended: `client`, `decoy`, `time_limit`, `byte_limit`, `idle`, `stopping`."),
            new("session.bytes_in", FieldType.Number, "Bytes the decoy was sent."),
            new("session.bytes_out", FieldType.Number, "Bytes it sent."),
            new("session.attempts", FieldType.Number, "Attempts to sign in."),
            new("session.commands", FieldType.Text, "Its commands, one a line, bounded."),
            new("session.command_ms", FieldType.Text, "Milliseconds from its begin to each of them, joined by commas."),
            new("client.banner", FieldType.Text, "How the client introduced itself, where the protocol has it do so."),
        ]),
    ];
}
