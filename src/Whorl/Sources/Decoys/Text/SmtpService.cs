using System.Net.Security;
using System.Text;
using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Sources.Decoys.Text;

/// <summary>SMTP (RFC 5321) as Postfix speaks it. Takes every mail and delivers none: mails are kept as payloads.</summary>
internal sealed class SmtpService(DecoyPlace place, Func<SslStreamCertificateContext> certificate) : IDecoyService
{
    // What our EHLO says a mail may have.
    private const int MaxMail = 10_240_000;

    // Postfix's smtpd_hard_error_limit: so many wrong commands end the conversation.
    private const int MaxErrors = 20;

    private readonly string _host = place.Persona.FullHost;
    private readonly string _banner = place.Service.Banner ?? "ESMTP Postfix (Debian/GNU)";

    public async Task ServeAsync(DecoySession session)
    {
        await session.WriteAsync($"220 {_host} {_banner}\r\n");
        SmtpMail mail = new(session);
        int recipients = 0, errors = 0;
        while (errors < MaxErrors && await session.ReadLineAsync(2048) is { } line)
        {
            string verb = line.Split(' ', 2)[0].ToUpperInvariant();
            string rest = line.Length > verb.Length ? line[(verb.Length + 1)..].Trim() : "";
            if (verb == "AUTH")
            {
                await AuthAsync(session, rest);
                continue;
            }

            if (verb == "BDAT")
            {
                session.Report.Command(line, known: true);
                recipients = await mail.ChunkAsync(rest, recipients > 0) ? 0 : recipients;
                continue;
            }

            string? answer = verb switch
            {
                "HELO" => $"250 {_host}",
                "EHLO" => Greeting(session.IsEncrypted),
                "MAIL" => "250 2.1.0 Ok",
                "RCPT" => "250 2.1.5 Ok",
                "DATA" => recipients > 0 ? "354 End data with <CR><LF>.<CR><LF>" : "554 5.5.1 Error: no valid recipients",
                "VRFY" => rest.Length > 0 ? $"252 2.0.0 {rest}" : "501 5.5.4 Syntax: VRFY address [SMTPUTF8]",
                "EXPN" or "ETRN" => "502 5.5.1 Error: command not implemented",
                "NOOP" => "250 2.0.0 Ok",
                "RSET" => "250 2.0.0 Ok",
                "QUIT" => "221 2.0.0 Bye",
                "STARTTLS" => session.IsEncrypted ? "554 5.5.1 Error: TLS already active" : "220 2.0.0 Ready to start TLS",
                _ => null,
            };
            session.Report.Command(line, answer is not null);
            if (verb is "HELO" or "EHLO")
            {
                session.Report.ClientBanner ??= rest;
            }

            recipients = verb switch { "RCPT" => recipients + 1, "RSET" or "MAIL" => 0, _ => recipients };
            errors += answer is null ? 1 : 0;
            await session.WriteAsync((answer ?? "502 5.5.2 Error: command not recognized") + "\r\n");
            switch (verb)
            {
                case "QUIT":
                    return;
                case "STARTTLS" when !session.IsEncrypted:
                    await session.StartTlsAsync(certificate());
                    break;
                case "DATA" when recipients > 0:
                    recipients = 0;
                    if (!await mail.LinesAsync())
                    {
                        return;
                    }

                    await session.WriteAsync(SmtpMail.Queued());
                    break;
                case "RSET" or "MAIL":
                    mail.Reset();
                    break;
            }
        }
    }

    private string Greeting(bool encrypted) =>
        $"250-{_host}\r\n250-PIPELINING\r\n250-SIZE {MaxMail}\r\n250-VRFY\r\n250-ETRN\r\n{(encrypted ? "" : "250-STARTTLS\r\n")}250-AUTH PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n250 CHUNKING";

    private static async Task AuthAsync(DecoySession session, string rest)
    {
        string[] parts = rest.Split(' ', 2);
        string? user = null;
        byte[]? secret = null;
        switch (parts[0].ToUpperInvariant())
        {
            case "PLAIN":
                string? initial = parts.Length > 1 ? parts[1] : await AskAsync(session, "");
                (user, secret) = Plain(Decode(initial));
                break;
            case "LOGIN":
                user = Latin(Decode(parts.Length > 1 ? parts[1] : await AskAsync(session, "VXNlcm5hbWU6")));
                secret = user is null ? null : Decode(await AskAsync(session, "UGFzc3dvcmQ6"));
                break;
            default:
                session.Report.Command("AUTH " + (session.Report.KeepsSecrets ? rest : parts[0]), known: false);
                await session.WriteAsync("535 5.7.8 Error: authentication failed: Invalid authentication mechanism\r\n");
                return;
        }

        if (user is null || secret is null)
        {
            await session.WriteAsync("501 5.5.4 Error: malformed authentication data\r\n");
            return;
        }

        bool accepted = Accounts.Try(session, parts[0].ToLowerInvariant(), user, secret);
        await session.PauseAsync(Accounts.Pause);
        await session.WriteAsync(accepted ? "235 2.7.0 Authentication successful\r\n" : "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6\r\n");
    }

    private static async Task<string?> AskAsync(DecoySession session, string prompt)
    {
        await session.WriteAsync($"334 {prompt}\r\n");
        return await session.ReadLineAsync(2048);
    }

    private static byte[]? Decode(string? base64)
    {
        if (base64 is null)
        {
            return null;
        }

        byte[] bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out int written) ? bytes[..written] : null;
    }

    // authorization NUL name NUL password (RFC 4616).
    private static (string? User, byte[]? Secret) Plain(byte[]? message)
    {
        int first = message.AsSpan().IndexOf((byte)0);
        int second = first < 0 ? -1 : message.AsSpan(first + 1).IndexOf((byte)0);
        return second < 0 ? (null, null) : (Latin(message![(first + 1)..(first + 1 + second)]), message[(first + second + 2)..]);
    }

    private static string? Latin(byte[]? bytes) => bytes is null ? null : Encoding.Latin1.GetString(bytes);
}
