using System.Globalization;
using System.Text;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Decoys.Personas;
using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Sources.Decoys.Text;

/// <summary>Redis: with a password that nobody guesses, or without any where the persona accepts everybody; then writes are taken and kept as payloads.</summary>
internal sealed class RedisService(DecoyPlace place) : IDecoyService
{
    // A value that is worth keeping whole: longer than what a command shows well.
    private const int PayloadFrom = 128;

    // Keys one conversation may set.
    private const int MaxKeys = 64;

    private const int HelloFrom = 6;

    private const string WrongPassword = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";

    private readonly string _version = place.Service.Version ?? "6.0.16";
    private readonly int _major = int.TryParse((place.Service.Version ?? "6").Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major) ? major : HelloFrom;

    public async Task ServeAsync(DecoySession session)
    {
        Talk talk = new() { Inside = place.Service.Accept == AcceptPolicy.Any };
        RedisReader reader = new();
        while (true)
        {
            ParseStatus status = reader.TryParse(session.Input.Span, out int consumed, out IReadOnlyList<byte[]> arguments);
            if (status == ParseStatus.Malformed)
            {
                await session.Report.MixedAsync(session.Input, session.Input.Length, null);
                await session.WriteAsync("-ERR Protocol error: invalid multibulk length\r\n");
                return;
            }

            if (status == ParseStatus.NeedMore)
            {
                if (!await session.MoreAsync())
                {
                    return;
                }

                continue;
            }

            session.Consume(consumed);
            if (arguments.Count == 0)
            {
                continue;
            }

            string verb = Text(arguments[0]).ToUpperInvariant();
            if (verb == "AUTH" && arguments.Count is 2 or 3)
            {
                bool accepted = await TryAsync(session, arguments.Count == 3 ? Text(arguments[1]) : "default", arguments[^1]);
                talk.Inside |= accepted;
                await session.WriteAsync(accepted ? "+OK\r\n" : WrongPassword);
                continue;
            }

            bool known = true;
            string answer = verb == "HELLO" && _major >= HelloFrom ? await HelloAsync(session, arguments, talk) : Answer(session, verb, arguments, talk, out known);
            await TellAsync(session, verb, arguments, known);
            await session.WriteAsync(answer);
            if (verb is "QUIT" or "SHUTDOWN")
            {
                return;
            }
        }
    }

    private static async Task TellAsync(DecoySession session, string verb, IReadOnlyList<byte[]> arguments, bool known)
    {
        IReadOnlyList<string> words = session.Report.KeepsSecrets ? [.. arguments.Select(Text)] : RedisSecrets.Covered(verb, arguments);
        session.Report.Command(string.Join(' ', words), known);
        foreach (byte[] value in arguments.Where((value, i) => value.Length >= PayloadFrom && words[i].Length == value.Length))
        {
            await session.Report.PayloadAsync(value, value.Length, words.Count > 1 ? words[1] : null);
        }
    }

    private static async Task<bool> TryAsync(DecoySession session, string user, byte[] secret)
    {
        bool accepted = Accounts.Try(session, "password", user, secret);
        await session.PauseAsync(Accounts.Pause);
        return accepted;
    }

    private async Task<string> HelloAsync(DecoySession session, IReadOnlyList<byte[]> arguments, Talk talk)
    {
        RedisHello hello = RedisHello.Read(arguments);
        if (hello.Fault is not null)
        {
            return hello.Fault;
        }

        if (hello.User is { } user)
        {
            if (!await TryAsync(session, user, hello.Secret!))
            {
                return WrongPassword;
            }

            talk.Inside = true;
        }

        if (!talk.Inside)
        {
            return "-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time\r\n";
        }

        talk.Protocol = hello.Protocol ?? talk.Protocol;
        return RedisHello.Answer(talk.Protocol, _version);
    }

    private string Answer(DecoySession session, string verb, IReadOnlyList<byte[]> arguments, Talk talk, out bool known)
    {
        known = true;
        Dictionary<string, byte[]> keys = talk.Keys;
        string nothing = talk.Protocol == 3 ? "_\r\n" : "$-1\r\n";
        if (verb == "AUTH")
        {
            return arguments.Count == 1 ? "-ERR wrong number of arguments for 'auth' command\r\n" : "-ERR syntax error\r\n";
        }

        if (verb == "QUIT")
        {
            return "+OK\r\n";
        }

        if (!talk.Inside)
        {
            return "-NOAUTH Authentication required.\r\n";
        }

        switch (verb)
        {
            case "PING":
                return arguments.Count > 1 ? Bulk(Text(arguments[1])) : "+PONG\r\n";
            case "ECHO" when arguments.Count > 1:
                return Bulk(Text(arguments[1]));
            case "INFO":
                return Bulk(Info(session));
            case "SET" when arguments.Count > 2:
                if (keys.Count < MaxKeys)
                {
                    keys[Text(arguments[1])] = arguments[2];
                }

                return "+OK\r\n";
            case "GET" when arguments.Count > 1:
                return keys.TryGetValue(Text(arguments[1]), out byte[]? value) ? Bulk(Text(value)) : nothing;
            case "KEYS" or "SCAN":
                return $"*{keys.Count}\r\n{string.Concat(keys.Keys.Select(Bulk))}";
            case "DBSIZE":
                return $":{keys.Count}\r\n";
            case "CONFIG" when arguments.Count > 2 && Text(arguments[1]).Equals("get", StringComparison.OrdinalIgnoreCase):
                string wanted = Text(arguments[2]);
                string set = wanted switch { "dir" => "/var/lib/redis", "dbfilename" => "dump.rdb", "requirepass" => "", _ => "" };
                return $"{(talk.Protocol == 3 ? "%1" : "*2")}\r\n{Bulk(wanted)}{Bulk(set)}";
            case "CONFIG" or "SAVE" or "BGSAVE" or "SLAVEOF" or "REPLICAOF" or "SELECT" or "FLUSHALL" or "FLUSHDB" or "EXPIRE" or "HSET" or "LPUSH" or "RPUSH" or "MSET":
                return "+OK\r\n";
            case "DEL" or "EXISTS":
                return ":0\r\n";
            case "CLIENT":
                return arguments.Count > 1 && Text(arguments[1]).Equals("list", StringComparison.OrdinalIgnoreCase) ? Bulk($"id=7 addr={session.Report.Ends.Source}:{session.Report.Ends.SourcePort} fd=8 name= age=0 idle=0 flags=N db=0\n") : "+OK\r\n";
            case "COMMAND":
                return "*0\r\n";
            case "MODULE":
                return "-ERR Error loading the extension. Please check the server logs.\r\n";
            case "EVAL" or "EVALSHA":
                return nothing;
            default:
                known = false;
                return $"-ERR unknown command `{Clean(Text(arguments[0]))}`, with args beginning with: {string.Concat(arguments.Skip(1).Take(3).Select(argument => $"`{Clean(Text(argument))}`, "))}\r\n";
        }
    }

    private string Info(DecoySession session) => string.Create(CultureInfo.InvariantCulture, $"""
        # Server
        redis_version:{_version}
        redis_git_sha1:00000000
        redis_git_dirty:0
        redis_build_id:bd8a7ddf2b2b0d1c
        redis_mode:standalone
        os:Linux {place.Persona.Kernel} {place.Persona.Machine}
        arch_bits:64
        multiplexing_api:epoll
        process_id:588
        tcp_port:{place.Service.Port}
        uptime_in_seconds:{1_382_244 + (long)session.Age.TotalSeconds}
        uptime_in_days:15
        executable:/usr/bin/redis-server
        config_file:/etc/redis/redis.conf

        # Clients
        connected_clients:1

        # Memory
        used_memory:873512
        used_memory_human:853.04K
        maxmemory:0

        # Persistence
        loading:0
        rdb_last_bgsave_status:ok

        # Replication
        role:master
        connected_slaves:0

        # Keyspace

        """).ReplaceLineEndings("\r\n");

    private static string Bulk(string text) => $"${text.Length}\r\n{text}\r\n";

    private static string Clean(string text) => text.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal) is { Length: > 128 } line ? line[..128] : text.ReplaceLineEndings("");

    private static string Text(byte[] bytes) => Encoding.Latin1.GetString(bytes);

    /// <summary>What one conversation came to.</summary>
    private sealed class Talk
    {
        public bool Inside { get; set; }

        public int Protocol { get; set; } = 2;

        public Dictionary<string, byte[]> Keys { get; } = new(StringComparer.Ordinal);
    }
}
