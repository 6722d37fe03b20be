using System.Buffers;
using System.Globalization;
using System.Text;
using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Sources.Decoys.Web;

/// <summary>Takes the body of a request off a conversation, and tells of what was in it.</summary>
internal static class WebBody
{
    // Chunks of one body; a client that sends single bytes is not worth more.
    private const int MaxChunks = 100_000;

    /// <summary>False where its end was not reached, so that nothing more can follow.</summary>
    public static async Task<bool> TakeAsync(DecoySession session, RequestParts parts)
    {
        if (parts.ContentLength <= 0 && !parts.IsChunked)
        {
            return true;
        }

        ArrayBufferWriter<byte> kept = new();
        long sent = parts.IsChunked ? await ChunksAsync(session, kept) : await PieceAsync(session, parts.ContentLength, kept);
        bool whole = sent >= 0;
        sent = whole ? sent : ~sent;
        if (sent > 0)
        {
            await TellAsync(session, parts, kept.WrittenMemory, sent);
        }

        return whole;
    }

    private static async Task TellAsync(DecoySession session, RequestParts parts, ReadOnlyMemory<byte> body, long sent)
    {
        bool isSignIn = SignInForm.TryRead(parts.ContentType, body.Span, out string? user, out string? password);
        if (isSignIn)
        {
            session.Report.Attempt(new("form", user, Encoding.Latin1.GetBytes(password!)));
        }

        // A body with a password in it is kept only where passwords are.
        if (!isSignIn || session.Report.KeepsSecrets)
        {
            await session.Report.MixedAsync(body, sent, parts.Path);
        }
    }

    // Bytes that came; their complement where more should have come.
    private static async Task<long> PieceAsync(DecoySession session, long length, ArrayBufferWriter<byte> kept)
    {
        int max = session.Report.Limits.PayloadKilobytes * 1024;
        long left = length;
        while (left > 0)
        {
            if (session.Input.IsEmpty && !await session.MoreAsync())
            {
                return ~(length - left);
            }

            int take = (int)Math.Min(left, session.Input.Length);
            kept.Write(session.Input.Span[..Math.Min(take, max - Math.Min(max, kept.WrittenCount))]);
            session.Consume(take);
            left -= take;
        }

        return length;
    }

    private static async Task<long> ChunksAsync(DecoySession session, ArrayBufferWriter<byte> kept)
    {
        long sent = 0;
        for (int i = 0; i < MaxChunks; i++)
        {
            if (await session.ReadLineAsync(256) is not { } line || !long.TryParse(line.Split(';')[0].Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long length) || length < 0)
            {
                return ~sent;
            }

            if (length == 0)
            {
                // Trailers, then the empty line.
                while (await session.ReadLineAsync(1024) is { } trailer)
                {
                    if (trailer.Length == 0)
                    {
                        return sent;
                    }
                }

                return ~sent;
            }

            long came = await PieceAsync(session, length, kept);
            if (came < 0)
            {
                return ~(sent + ~came);
            }

            sent += came;
            if (await session.ReadLineAsync(16) is null)
            {
                return ~sent;
            }
        }

        return ~sent;
    }
}

/// <summary>Finds name and password in a form, in JSON, or in WordPress's XML-RPC, by the names such fields have.</summary>
internal static class SignInForm
{
    // A sign-in is small; a large body is something else.
    private const int MaxLength = 16 * 1024;

    private const int MaxFields = 64;

    private static readonly string[] Users = ["log", "username", "user", "login", "email", "usr", "name", "uname", "userid", "j_username", "pma_username", "user_login", "account"];

    private static readonly string[] Passwords = ["pwd", "password", "pass", "passwd", "psw", "j_password", "pma_password", "user_password", "secret"];

    public static bool TryRead(string? type, ReadOnlySpan<byte> body, out string? user, out string? password)
    {
        (user, password) = (null, null);
        if (body.Length > MaxLength)
        {
            return false;
        }

        string text = Encoding.Latin1.GetString(body);
        if (type?.Contains("json", StringComparison.OrdinalIgnoreCase) == true)
        {
            user = Users.Select(name => JsonText(text, name)).FirstOrDefault(value => value is not null);
            password = Passwords.Select(name => JsonText(text, name)).FirstOrDefault(value => value is not null);
        }
        else if (text.Contains("<methodCall", StringComparison.Ordinal))
        {
            string[] strings = [.. text.Split("<string>").Skip(1).Take(2).Select(part => part.Split('<')[0])];
            (user, password) = strings.Length == 2 ? (strings[0], strings[1]) : (null, null);
        }
        else if (type?.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase) == true)
        {
            user = Users.Select(name => PartText(text, name)).FirstOrDefault(value => value is not null);
            password = Passwords.Select(name => PartText(text, name)).FirstOrDefault(value => value is not null);
        }
        else
        {
            foreach (string field in text.Split('&', MaxFields))
            {
                int equals = field.IndexOf('=');
                string name = equals < 0 ? "" : field[..equals].ToLowerInvariant();
                user ??= Users.Contains(name, StringComparer.Ordinal) ? Decode(field[(equals + 1)..]) : null;
                password ??= Passwords.Contains(name, StringComparer.Ordinal) ? Decode(field[(equals + 1)..]) : null;
            }
        }

        return password is not null;
    }

    // The text value of a field, wherever it stands; a whole parser would find no more and fail on what attackers break.
    private static string? JsonText(string text, string name)
    {
        int at = text.IndexOf($"\"{name}\"", StringComparison.OrdinalIgnoreCase);
        int colon = at < 0 ? -1 : text.IndexOf(':', at);
        int open = colon < 0 ? -1 : text.IndexOf('"', colon);
        int close = open < 0 ? -1 : text.IndexOf('"', open + 1);
        return close < 0 ? null : text[(open + 1)..close];
    }

    // The value of a part of multipart/form-data (RFC 7578): from the empty line behind its name to the next line that begins with two dashes.
    private static string? PartText(string text, string name)
    {
        int at = text.IndexOf($" name=\"{name}\"", StringComparison.OrdinalIgnoreCase);
        int begin = at < 0 ? -1 : text.IndexOf("\r\n\r\n", at, StringComparison.Ordinal);
        int end = begin < 0 ? -1 : text.IndexOf("\r\n--", begin + 2, StringComparison.Ordinal);
        return end < 0 ? null : text[Math.Min(begin + 4, end)..end];
    }

    private static string Decode(string text)
    {
        StringBuilder plain = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            bool escape = text[i] == '%' && i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]);
            plain.Append(escape ? (char)byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : text[i] == '+' ? ' ' : text[i]);
            i += escape ? 2 : 0;
        }

        return plain.ToString();
    }
}
