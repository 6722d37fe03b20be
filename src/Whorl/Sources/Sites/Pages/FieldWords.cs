using System.Globalization;
using System.Text;

namespace Whorl.Sources.Sites.Pages;

/// <summary>What the name of a form's field says about what it asks for, in the languages that scam pages are written in.</summary>
internal static class FieldWords
{
    // A name that says more than this says nothing.
    private const int MaxName = 100;

    // Found anywhere in a name of which letters and digits are left, in lower case, without accents.
    private static readonly string[] PasswordParts =
    [
        "password", "passwd", "passwort", "passcode", "passphrase", "passwrd", "pwd", "kennwort", "contrasena", "motdepasse", "motpasse", "senha", "palavrapasse", "wachtwoord",
        "haslo", "heslo", "jelszo", "sifre", "parola", "parol", "losenord", "salasana", "adgangskode", "passord", "katasandi", "matkhau", "пароль", "гасло", "κωδικο", "密码", "密碼", "口令", "パスワード", "비밀번호", "รหัสผ่าน",
    ];

    private static readonly string[] PasswordNames = ["pass", "pw", "pswd", "psw", "mdp", "clave", "pin", "has"];

    private static readonly string[] CardParts =
    [
        "cardnumber", "cardnum", "cardno", "cardnr", "creditcard", "debitcard", "ccnumber", "ccnum", "ccno", "cccsc", "ccexp", "cvv", "cvc", "cardexp", "cardcode", "securitycode",
        "kartennummer", "kreditkarte", "kartenummer", "tarjeta", "numerocarte", "cartebancaire", "numcarte", "numerocartao", "cartaodecredito", "cartadicredito", "numerocarta", "kartnumarasi", "kartno",
        "numerkarty", "cislokarty", "kaartnummer", "kortnummer", "номеркарты", "номеркарти", "nomerkarty", "卡号", "卡號", "カード番号", "카드번호",
    ];

    private static readonly string[] CardNames = ["cc", "csc", "pan", "card", "karta", "карта"];

    public static bool AsksPassword(string type, string autocomplete, string name) =>
        type == "password" || autocomplete is "current-password" or "new-password" || Says(name, PasswordParts, PasswordNames);

    public static bool AsksCard(string autocomplete, string name) =>
        autocomplete is "cc-number" or "cc-csc" or "cc-exp" or "cc-exp-month" or "cc-exp-year" || Says(name, CardParts, CardNames);

    private static bool Says(string name, string[] parts, string[] names)
    {
        string bare = Bare(name);
        return Array.IndexOf(names, bare) >= 0 || parts.Any(part => bare.Contains(part, StringComparison.Ordinal));
    }

    private static string Bare(string name)
    {
        StringBuilder bare = new(Math.Min(name.Length, MaxName));
        foreach (char c in name.AsSpan(0, Math.Min(name.Length, MaxName)))
        {
            if (char.IsLetterOrDigit(c) || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark && c > '\u0400')
            {
                bare.Append(WithoutAccent(char.ToLowerInvariant(c)));
            }
        }

        return bare.ToString();
    }

    // No normalisation tables here: the host runs without ICU.
    private static char WithoutAccent(char c)
    {
        const string accented = "áàâãäåāçčćéèêëěėęíìîïıñńňóòôõöőøšşśúùûüűůýžźżğłąřťďάέήίόύώ";
        const string plain = "aaaaaaaccceeeeeeeiiiiinnnooooooosssuuuuuuyzzzglartdαεηιουω";
        int at = c < 128 ? -1 : accented.IndexOf(c, StringComparison.Ordinal);
        return at < 0 ? c : plain[at];
    }
}
