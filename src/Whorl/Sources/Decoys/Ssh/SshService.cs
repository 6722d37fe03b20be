using System.Text;
using Whorl.Fingerprints.Ssh;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Sources.Decoys.Shell;

namespace Whorl.Sources.Decoys.Ssh;

/// <summary>SSH with a real key exchange: hears passwords and keys, and gives those let in the made-up shell where the persona has one.</summary>
internal sealed class SshService : IDecoyService
{
    private readonly DecoyPlace _place;
    private readonly SshProfile _profile;
    private readonly string _banner;
    private readonly Func<HostKeys> _keys;

    public SshService(DecoyPlace place, Func<HostKeys> keys)
    {
        _place = place;
        _profile = SshProfiles.All[place.Service.Algorithms ?? SshProfiles.Usual];
        _banner = place.Service.Banner ?? _profile.Banner;
        _keys = keys;
    }

    public async Task ServeAsync(DecoySession session)
    {
        await session.WriteAsync(_banner + "\r\n");
        if (await BannerAsync(session) is not { } banner)
        {
            return;
        }

        session.Report.ClientBanner = banner.Text;
        using SshPackets packets = new(session);
        if (!banner.SpeaksVersion2 || !await new KeyExchange(session, packets, _profile, _keys(), banner.Text, _banner).RunAsync())
        {
            return;
        }

        if (await new SshAuth(session, packets).RunAsync() is { } user)
        {
            await InsideAsync(session, packets, user);
        }
    }

    private static async Task<SshBanner?> BannerAsync(DecoySession session)
    {
        while (true)
        {
            ParseStatus status = SshBanner.TryParse(session.Input.Span, out SshBanner? banner, allowLead: false);
            if (status == ParseStatus.Done)
            {
                session.Consume(banner!.Length);
                return banner;
            }

            if (status == ParseStatus.Malformed)
            {
                await session.WriteAsync("Invalid SSH identification string.\r\n");
                return null;
            }

            if (!await session.MoreAsync())
            {
                return null;
            }
        }
    }

    private async Task InsideAsync(DecoySession session, SshPackets packets, string user)
    {
        SshChannel channel = new(session, packets);
        if (await channel.OpenAsync() is not { } wish)
        {
            return;
        }

        if (!_place.Service.Shell)
        {
            if (wish.Command is { } unheard)
            {
                session.Report.Command(unheard, known: false);
            }

            await channel.WriteAsync("This account is currently not available.\n");
            await channel.CloseAsync(1);
            return;
        }

        ShellMachine machine = new(_place.Persona, user, session.Clock);
        if (wish.Command is { } command)
        {
            await channel.CloseAsync(await RunAsync(session, channel, machine, command));
            return;
        }

        await channel.WriteAsync(wish.Terminal ? Greeting(session) : "");
        await ShellLoop.RunAsync(wish.Terminal ? channel : new Quiet(channel), machine, session.Report);
        await channel.CloseAsync(machine.Status);
    }

    private static async Task<int> RunAsync(DecoySession session, SshChannel channel, ShellMachine machine, string command)
    {
        if (command.StartsWith("scp ", StringComparison.Ordinal) && command.Contains(" -t", StringComparison.Ordinal))
        {
            session.Report.Command(command, known: true);
            await new ScpSink(channel, session.Report).RunAsync();
            return 0;
        }

        StringBuilder input = new();
        int max = session.Report.Limits.PayloadKilobytes * 1024;
        while (ShellMachine.ReadsInput(command) && input.Length < max && await channel.ReadAsync() is { } text)
        {
            input.Append(text);
        }

        await channel.WriteAsync(ShellLoop.Step(machine, session.Report, command, input.ToString()));
        await ShellLoop.KeepAsync(machine, session.Report);
        return machine.Status;
    }

    private string Greeting(DecoySession session) =>
        $"Linux {_place.Persona.Host} {_place.Persona.Kernel} #1 SMP {_place.Persona.Machine}\n\nThe programs included with the {_place.Persona.System.Split(' ')[0]} system are free software;\nthe exact distribution terms for each program are described in the\nindividual files in /usr/share/doc/*/copyright.\n\nLast login: {session.Clock.GetUtcNow().AddHours(-31):ddd MMM d HH:mm:ss yyyy} from 10.0.2.2\n";

    /// <summary>A shell without a terminal shows no prompt.</summary>
    private sealed class Quiet(SshChannel channel) : ITerminal
    {
        public ValueTask<string?> ReadLineAsync(bool echo) => channel.ReadLineAsync(echo: false);

        public ValueTask WriteAsync(string text) => text.EndsWith("# ", StringComparison.Ordinal) || text.EndsWith("$ ", StringComparison.Ordinal) || text == "> " ? default : channel.WriteAsync(text);
    }
}
