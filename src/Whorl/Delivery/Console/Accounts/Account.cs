namespace Whorl.Delivery.WebConsole.Accounts;

/// <summary>What someone may do in the console. Numbers are stored; they never change.</summary>
internal enum AccountRole
{
    /// <summary>Sees everything.</summary>
    Viewer = 0,

    /// <summary>Also makes and ends decisions.</summary>
    Operator = 1,
}

/// <summary>A person who may sign in.</summary>
/// <param name="Name">Lower case; see <see cref="IsName"/>.</param>
/// <param name="Hash">Of the password, as ASP.NET Core Identity's hasher writes it; null until a sign-in link was used.</param>
/// <param name="Stamp">Changes with the password; a session carries the one it began with.</param>
internal sealed record Account(Guid Id, string Name, AccountRole Role, string? Hash, Guid Stamp, DateTimeOffset Created)
{
    /// <summary>Long enough for a mail address.</summary>
    public const int MaxName = 64;

    public const int MinPassword = 12;

    // The hasher reads all of it; longer is no safer, only slower.
    public const int MaxPassword = 256;

    /// <summary>Lower-case letters, digits, dot, dash, underscore and at sign.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= MaxName && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-' or '_' or '@');

    /// <summary>What is wrong with a password, or null.</summary>
    public static string? FaultOf(string name, string password) =>
        password.Length < MinPassword ? $"A password has at least {MinPassword} characters; a sentence is easy to remember."
        : password.Length > MaxPassword ? $"A password has at most {MaxPassword} characters."
        : password.Contains(name, StringComparison.OrdinalIgnoreCase) && password.Length < name.Length + MinPassword ? "A password is not made of the user name."
        : password.Distinct().Count() < 5 ? "A password uses at least five different characters."
        : null;
}
