using Whorl.Sources.Decoys.Sessions;
using Whorl.Sources.Decoys.Shell;

namespace Whorl.Sources.Decoys.Text;

/// <summary>Telnet as the telnetd of embedded systems speaks it: name, password, and the made-up shell for those let in.</summary>
internal sealed class TelnetService(DecoyPlace place) : IDecoyService
{
    // Linux's login gives up then.
    private const int MaxAttempts = 3;

    // IAC DO ECHO, DO NAWS, WILL ECHO, WILL SUPPRESS-GO-AHEAD: what BusyBox's telnetd begins with.
    private static readonly byte[] Opening = [0xFF, 0xFD, 1, 0xFF, 0xFD, 31, 0xFF, 0xFB, 1, 0xFF, 0xFB, 3];

    private readonly string _banner = place.Service.Banner is { } banner ? banner + "\n\n" : "";

    public async Task ServeAsync(DecoySession session)
    {
        await session.WriteAsync(Opening);
        TelnetTerminal terminal = new(session);
        await terminal.WriteAsync(_banner);
        for (int i = 0; i < MaxAttempts; i++)
        {
            await terminal.WriteAsync($"{place.Persona.Host} login: ");
            if (await terminal.ReadLineAsync(echo: true) is not { } user)
            {
                return;
            }

            await terminal.WriteAsync("Password: ");
            if (await terminal.ReadLineAsync(echo: false) is not { } secret)
            {
                return;
            }

            await terminal.WriteAsync("\n");
            if (Accounts.Try(session, "password", user, secret))
            {
                if (place.Service.Shell)
                {
                    await ShellLoop.RunAsync(terminal, new(place.Persona, user, session.Clock), session.Report);
                }

                return;
            }

            await session.PauseAsync(Accounts.Pause);
            await terminal.WriteAsync("Login incorrect\n");
        }
    }
}
