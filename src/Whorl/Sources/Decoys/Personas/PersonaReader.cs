using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Whorl.Kernel.Content;

namespace Whorl.Sources.Decoys.Personas;

/// <summary>Reads persona files. Never throws; every fault is found in one pass and named by line.</summary>
internal sealed partial class PersonaReader
{
    // A persona with all its pages is some ten kilobytes; a larger file is some other file.
    public const int MaxFileLength = 1024 * 1024;

    // More services than a machine plausibly has.
    private const int MaxServices = 64;

    // Pages, accounts or files of one persona: enough for a whole fake site, and all of them are held in memory.
    private const int MaxEntries = 500;

    private const int MaxNameLength = 253;

    private const int MaxBannerLength = 512;

    // A page or file that is served as it stands.
    private const int MaxContentLength = 256 * 1024;

    private static readonly YamlLanguage Yaml = new("a persona file", "language of personas", null);

    private static readonly string[] PersonaKeys = ["name", "summary", "host", "domain", "system", "kernel", "machine", "services", "accounts", "files"];

    private static readonly string[] ServiceKeys = ["service", "port", "tls", "banner", "version", "algorithms", "accept", "shell", "pages", "errors"];

    private static readonly string[] PageKeys = ["method", "path", "status", "type", "location", "realm", "body"];

    private static readonly FrozenDictionary<string, (ServiceKind Kind, int Port, bool Tls)> Kinds = new Dictionary<string, (ServiceKind, int, bool)>(StringComparer.Ordinal)
    {
        ["ssh"] = (ServiceKind.Ssh, 22, false),
        ["telnet"] = (ServiceKind.Telnet, 23, false),
        ["http"] = (ServiceKind.Http, 80, false),
        ["https"] = (ServiceKind.Http, 443, true),
        ["ftp"] = (ServiceKind.Ftp, 21, false),
        ["smtp"] = (ServiceKind.Smtp, 25, false),
        ["mysql"] = (ServiceKind.MySql, 3306, false),
        ["postgresql"] = (ServiceKind.PostgreSql, 5432, false),
        ["redis"] = (ServiceKind.Redis, 6379, false),
        ["mssql"] = (ServiceKind.Mssql, 1433, false),
        ["rdp"] = (ServiceKind.Rdp, 3389, false),
        ["smb"] = (ServiceKind.Smb, 445, false),
        ["vnc"] = (ServiceKind.Vnc, 5900, false),
        ["mqtt"] = (ServiceKind.Mqtt, 1883, false),
        ["dns"] = (ServiceKind.Dns, 53, false),
        ["snmp"] = (ServiceKind.Snmp, 161, false),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, AcceptPolicy> Policies = new Dictionary<string, AcceptPolicy>(StringComparer.Ordinal)
    {
        ["never"] = AcceptPolicy.Never,
        ["listed"] = AcceptPolicy.Listed,
        ["any"] = AcceptPolicy.Any,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly List<ContentFault> _faults;

    private PersonaReader(List<ContentFault> faults) => _faults = faults;

    /// <summary>The persona of one file; null, with faults, where it cannot be used.</summary>
    public static Persona? Read(string file, string content, List<ContentFault> faults)
    {
        if (content.Length > MaxFileLength)
        {
            faults.Add(new(new(file, 1, 1), $"a persona file may be {MaxFileLength / 1024} KiB long"));
            return null;
        }

        int before = faults.Count;
        PersonaReader reader = new(faults);
        if (YamlTree.Read(file, content, Yaml, faults) is not { } root || Schema.Of(root, "a persona file", PersonaKeys, faults) is not { } map)
        {
            if (faults.Count == before)
            {
                faults.Add(new(new(file, 1, 1), "this file is empty"));
            }

            return null;
        }

        Persona? persona = reader.ReadPersona(map);
        return faults.Count == before ? persona : null;
    }

    private Persona? ReadPersona(Schema map)
    {
        map.Require("name", "a persona");
        map.Require("services", "a persona");
        Persona usual = new() { Name = "", Place = map.Place };
        string name = map.Text("name", 64) ?? "";
        if (name.Length > 0 && !NameForm().IsMatch(name))
        {
            _faults.Add(new(map.Find("name")!.Place, "name must be of lower-case letters, digits and dashes"));
        }

        Persona persona = usual with
        {
            Name = name,
            Summary = map.Text("summary", MaxBannerLength) ?? usual.Summary,
            Host = HostName(map, "host") ?? usual.Host,
            Domain = HostName(map, "domain") ?? usual.Domain,
            System = map.Text("system", MaxBannerLength) ?? usual.System,
            Kernel = map.Text("kernel", MaxNameLength) ?? usual.Kernel,
            Machine = map.Text("machine", MaxNameLength) ?? usual.Machine,
            Services = [.. map.Items("services", MaxServices).Select(ReadService).OfType<PersonaService>()],
            Accounts = [.. map.Items("accounts", MaxEntries).Select(ReadAccount).OfType<PersonaAccount>()],
            Files = [.. map.Items("files", MaxEntries).Select(ReadFile).OfType<PersonaFile>()],
        };
        HashSet<(int, bool)> ports = [];
        if (persona.Services.FirstOrDefault(service => !ports.Add((service.Port, service.IsDatagram))) is { } twice)
        {
            _faults.Add(new(map.Find("services")!.Place, $"two services are on port {twice.Port}"));
        }

        return persona;
    }

    private PersonaService? ReadService(YamlNode node)
    {
        if (Schema.Of(node, "a service", ServiceKeys, _faults) is not { } map || map.Require("service", "a service") is null || map.Text("service", MaxNameLength) is not { } name)
        {
            return null;
        }

        if (!Kinds.TryGetValue(name, out (ServiceKind Kind, int Port, bool Tls) kind))
        {
            _faults.Add(new(map.Find("service")!.Place, $"there is no service {Schema.Quote(name)}", NearestName.Hint(name, Kinds.Keys) ?? $"known are {string.Join(", ", Kinds.Keys.Order(StringComparer.Ordinal))}"));
            return null;
        }

        string? accept = map.Text("accept", MaxNameLength);
        AcceptPolicy policy = AcceptPolicy.Never;
        if (accept is not null && !Policies.TryGetValue(accept, out policy))
        {
            _faults.Add(new(map.Find("accept")!.Place, $"accept must be never, listed or any, not {Schema.Quote(accept)}"));
        }

        string? algorithms = map.Text("algorithms", MaxNameLength);
        if (algorithms is not null && (kind.Kind != ServiceKind.Ssh || !Ssh.SshProfiles.All.ContainsKey(algorithms)))
        {
            _faults.Add(new(map.Find("algorithms")!.Place, $"algorithms of ssh may be {string.Join(", ", Ssh.SshProfiles.All.Keys.Order(StringComparer.Ordinal))}"));
        }

        if (map.Find("pages") is { } pages && kind.Kind != ServiceKind.Http)
        {
            _faults.Add(new(pages.Place, "only http and https have pages"));
        }

        if (map.Find("errors") is { } errors && kind.Kind != ServiceKind.Http)
        {
            _faults.Add(new(errors.Place, "only http and https have errors"));
        }

        return new()
        {
            Kind = kind.Kind,
            Name = kind.Kind == ServiceKind.Http ? "http" : name,
            Port = map.Integer("port", 1, 65_535) ?? kind.Port,
            Tls = map.Flag("tls") ?? kind.Tls,
            Banner = OneLine(map, "banner"),
            Version = OneLine(map, "version"),
            Algorithms = algorithms,
            Accept = policy,
            Shell = map.Flag("shell") ?? false,
            Pages = [.. map.Items("pages", MaxEntries).Select(ReadPage).OfType<PersonaPage>()],
            Errors = [.. map.Items("errors", MaxEntries).Select(ReadError).OfType<PersonaError>()],
        };
    }

    private PersonaPage? ReadPage(YamlNode node)
    {
        if (Schema.Of(node, "a page", PageKeys, _faults) is not { } map || map.Require("path", "a page") is null || OneLine(map, "path") is not { } path)
        {
            return null;
        }

        if (path[0] != '/')
        {
            _faults.Add(new(map.Find("path")!.Place, "a path begins with a slash"));
        }

        string? location = OneLine(map, "location");
        int status = map.Integer("status", 200, 599) ?? (location is null ? 200 : 302);
        return new(OneLine(map, "method"), path, status, OneLine(map, "type") ?? "text/html; charset=utf-8", location, OneLine(map, "realm"), map.Text("body", MaxContentLength) ?? "");
    }

    private PersonaError? ReadError(YamlNode node) =>
        Schema.Of(node, "an error", ["status", "type", "body"], _faults) is { } map && map.Require("status", "an error") is not null && map.Integer("status", 400, 599) is { } status
            ? new(status, OneLine(map, "type") ?? "text/html", map.Text("body", MaxContentLength) ?? "")
            : null;

    private PersonaAccount? ReadAccount(YamlNode node) =>
        Schema.Of(node, "an account", ["user", "passwords"], _faults) is { } map && map.Require("user", "an account") is not null && OneLine(map, "user") is { } user
            ? new(user, [.. map.Items("passwords", MaxEntries).Select(ReadText).OfType<string>()])
            : null;

    private PersonaFile? ReadFile(YamlNode node)
    {
        if (Schema.Of(node, "a file", ["path", "content"], _faults) is not { } map || map.Require("path", "a file") is null || OneLine(map, "path") is not { } path)
        {
            return null;
        }

        if (path[0] != '/')
        {
            _faults.Add(new(map.Find("path")!.Place, "a path begins with a slash"));
        }

        return new(path, map.Text("content", MaxContentLength) ?? "");
    }

    private string? ReadText(YamlNode node)
    {
        if (node is YamlText text)
        {
            return text.Value;
        }

        _faults.Add(new(node.Place, "this must be text"));
        return null;
    }

    // These go into lines of protocols: a line end in one would be two lines.
    private string? OneLine(Schema map, string key)
    {
        string? text = map.Text(key, MaxBannerLength);
        if (text is not null && text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            _faults.Add(new(map.Find(key)!.Place, $"{key} must be one line of ASCII"));
            return null;
        }

        return text;
    }

    private string? HostName(Schema map, string key)
    {
        string? text = map.Text(key, MaxNameLength);
        if (text is not null && !HostForm().IsMatch(text))
        {
            _faults.Add(new(map.Find(key)!.Place, $"{key} must be a host name"));
        }

        return text;
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,63}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex NameForm();

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex HostForm();
}
