using System.Text;
using Whorl.Fingerprints.Ssh;
using Whorl.Fingerprints.Wire;
using Whorl.Kernel;
using Whorl.Kernel.Writing;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Sources.Probes.Protocols.Ssh;

/// <summary>HASSHServer: what an SSH server offers for the key exchange, then its host key where it lets us have that.</summary>
/// <param name="identification">Our identification line, without its end.</param>
internal sealed class HasshProbe(string identification) : IProbe
{
    private const int FirstBuffer = 4096;

    // Of one server: OpenSSH sends 2 KiB until its key, a thousand names would take 30. A thousand hostile ones at once must fit into memory.
    private const int MaxHeld = 128 * 1024;

    public ProbeName Name => ProbeName.Hassh;

    public async Task<ProbeResult> AskAsync(ProbeTarget target, ProbeBudget budget, CancellationToken cancel)
    {
        using ProbeBudget.Turn turn = await budget.TakeTurnAsync(1);
        using ProbeConnection connection = await budget.ConnectAsync(target.Address, target.Port);
        await connection.SendAsync(Encoding.Latin1.GetBytes(identification + "\r\n"));
        Received received = new(connection);
        SshBanner? banner = null;
        ParseStatus status = await received.UntilAsync(bytes => SshBanner.TryParse(bytes, out banner));
        if (status != ParseStatus.Done)
        {
            return Missing(status);
        }

        received.Skip(banner!.Length);
        KexInit? server = null;
        status = await received.UntilAsync(bytes => KexInit.TryParse(bytes, out server));
        if (status != ParseStatus.Done)
        {
            return Missing(status);
        }

        received.Skip(server!.Length);
        Attributes attributes = new Attributes()
            .Text("ssh.hassh_server", HasshServer.Hash(server))
            .Text("ssh.hassh_text", HasshServer.Text(server), HostileText.MaxList)
            .Text("ssh.banner", Attributes.Decode(Encoding.Latin1.GetBytes(banner.Text)))
            .Text("ssh.software", Attributes.Decode(Encoding.Latin1.GetBytes(banner.Software)))
            .Text("ssh.host_keys", server.HostKeyAlgorithms, HostileText.MaxList);
        if (await HostKeyAsync(connection, received, server) is { } key)
        {
            attributes.Text("ssh.host_key_type", key.Type).Text("ssh.host_key_sha256", key.Sha256());
        }

        return ProbeResult.Of(new Finding(ProbeKinds.Hassh, attributes));
    }

    private static async Task<HostKey?> HostKeyAsync(ProbeConnection connection, Received received, KexInit server)
    {
        if (KeyExchange.Offer(server) is not { } offer)
        {
            return null;
        }

        try
        {
            await connection.SendAsync(offer);
            HostKey? key = null;
            await received.UntilAsync(bytes => HostKey.TryParse(bytes, out key));
            return key;
        }
        catch (Exception fault) when (Asker.FailureOf(fault) is not null || fault is OperationCanceledException)
        {
            // What was learned before stands; where the process is stopping, the next wait says so.
            return null;
        }
    }

    private static ProbeResult Missing(ParseStatus status) => status == ParseStatus.NeedMore ? ProbeFailure.ClosedEarly : ProbeFailure.NotThisProtocol;

    /// <summary>What came so far, growing as it comes.</summary>
    private sealed class Received(ProbeConnection connection)
    {
        private byte[] _bytes = new byte[FirstBuffer];
        private int _start;
        private int _end;

        public delegate ParseStatus Parser(ReadOnlySpan<byte> bytes);

        /// <summary>Reads until the parser has what it wants; NeedMore where the peer closed before.</summary>
        public async Task<ParseStatus> UntilAsync(Parser parser)
        {
            while (true)
            {
                ParseStatus status = _end == _start ? ParseStatus.NeedMore : parser(_bytes.AsSpan(_start.._end));
                if (status != ParseStatus.NeedMore)
                {
                    return status;
                }

                if (_end == MaxHeld)
                {
                    return ParseStatus.Malformed;
                }

                if (_end == _bytes.Length)
                {
                    Array.Resize(ref _bytes, _bytes.Length * 2);
                }

                int count = await connection.ReceiveAsync(_bytes.AsMemory(_end));
                if (count == 0)
                {
                    return ParseStatus.NeedMore;
                }

                _end += count;
            }
        }

        public void Skip(int count) => _start += count;
    }
}
