using Whorl.Kernel.Content;

namespace Whorl.Sources.Decoys.Personas;

/// <summary>Who a decoy pretends to be: a machine with services, accounts and files. Read from a file of content/personas.</summary>
internal sealed record Persona
{
    public required string Name { get; init; }

    public required ContentPlace Place { get; init; }

    public string Summary { get; init; } = "";

    /// <summary>The machine's own name, as banners, prompts and certificates show it.</summary>
    public string Host { get; init; } = "server";

    /// <summary>Domain after it, as mail servers and certificates show it.</summary>
    public string Domain { get; init; } = "localdomain";

    /// <summary>System, as /etc/os-release calls it.</summary>
    public string System { get; init; } = "Debian GNU/Linux 11 (bullseye)";

    /// <summary>Release of its kernel, as <c>uname -r</c> says.</summary>
    public string Kernel { get; init; } = "5.10.0-28-amd64";

    /// <summary>Machine, as <c>uname -m</c> says.</summary>
    public string Machine { get; init; } = "x86_64";

    public IReadOnlyList<PersonaService> Services { get; init; } = [];

    public IReadOnlyList<PersonaAccount> Accounts { get; init; } = [];

    public IReadOnlyList<PersonaFile> Files { get; init; } = [];

    public string FullHost => $"{Host}.{Domain}";
}

/// <summary>What a decoy can pretend to speak.</summary>
internal enum ServiceKind
{
    Ssh,
    Telnet,
    Http,
    Ftp,
    Smtp,
    MySql,
    PostgreSql,
    Redis,
    Mssql,
    Rdp,
    Smb,
    Vnc,
    Mqtt,
    Dns,
    Snmp,
}

/// <summary>Whom a service lets in.</summary>
internal enum AcceptPolicy
{
    /// <summary>Nobody.</summary>
    Never,

    /// <summary>The persona's accounts with their passwords.</summary>
    Listed,

    /// <summary>Whoever tries.</summary>
    Any,
}

/// <summary>One service of a persona.</summary>
internal sealed record PersonaService
{
    public required ServiceKind Kind { get; init; }

    public required int Port { get; init; }

    /// <summary>The service's name in observations.</summary>
    public required string Name { get; init; }

    /// <summary>Whether TLS comes first.</summary>
    public bool Tls { get; init; }

    /// <summary>First line or software name, in the form the service's protocol has it.</summary>
    public string? Banner { get; init; }

    /// <summary>Version number, where the protocol tells one.</summary>
    public string? Version { get; init; }

    /// <summary>Name of a set of SSH algorithms.</summary>
    public string? Algorithms { get; init; }

    public AcceptPolicy Accept { get; init; }

    /// <summary>Whether those who are let in get the made-up shell; otherwise the conversation ends there.</summary>
    public bool Shell { get; init; }

    public IReadOnlyList<PersonaPage> Pages { get; init; } = [];

    /// <summary>What a web service says where something is wrong, by status; without it as nginx does.</summary>
    public IReadOnlyList<PersonaError> Errors { get; init; } = [];

    public bool IsDatagram => Kind is ServiceKind.Dns or ServiceKind.Snmp;
}

/// <summary>A page of a web service. A path that ends in <c>*</c> stands for all that begin so; the longest one counts.</summary>
/// <param name="Method">The page answers to this method alone, before one of the same path that answers to all; null for all.</param>
/// <param name="Realm">Where set, the page asks for a name and a password (Basic), and takes none.</param>
internal sealed record PersonaPage(string? Method, string Path, int Status, string Type, string? Location, string? Realm, string Body);

/// <summary>What a web service says with a status, such as 404.</summary>
internal sealed record PersonaError(int Status, string Type, string Body);

internal sealed record PersonaAccount(string User, IReadOnlyList<string> Passwords);

/// <summary>A file of the made-up file system.</summary>
internal sealed record PersonaFile(string Path, string Content);
