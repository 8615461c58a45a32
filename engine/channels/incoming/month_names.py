"""The months' names and abbreviations in the eight languages whose absence notices are read, as Unicode's CLDR has them.

Written out because Babel keeps a language's whole data in memory: 11 MB in each process for these 134 words.
"""

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl")
_SPELLINGS = (
    "january jan januar janvier janv enero ene gennaio gen janeiro januari stycznia styczeń sty",
    "february feb februar février févr febrero febbraio fevereiro fev februari lutego luty lut",
    "march mar märz mär mars marzo março maart mrt marca marzec",
    "april apr avril avr abril abr aprile kwietnia kwiecień kwi",
    "may mai mayo maggio mag maio mei maja maj",
    "june jun juni juin junio giugno giu junho czerwca czerwiec cze",
    "july jul juli juillet juil julio luglio lug julho lipca lipiec lip",
    "august aug août agosto ago augustus sierpnia sierpień sie",
    "september sep sept septembre septiembre settembre set setembro września wrzesień wrz",
    "october oct oktober okt octobre octubre ottobre ott outubro out października październik paź",
    "november nov novembre noviembre novembro listopada listopad lis",
    "december dec dezember dez décembre déc diciembre dic dicembre dezembro grudnia grudzień gru",
)
MONTHS = {name: number for number, names in enumerate(_SPELLINGS, start=1) for name in names.split()}
